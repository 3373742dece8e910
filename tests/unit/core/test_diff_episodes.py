"""Events seen in real registers, on made-up data: exactly the changes that people should read."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from examples import (
    FINLAND,
    FIRST,
    make_context,
    make_draft,
    make_engagement,
    make_promises,
    make_register,
    make_vendor,
    published,
)
from register_api.core import model
from register_api.core.diff.document import changes_between
from register_api.core.language.changes import Sentences
from register_api.core.notice_period import NoticeStatus, promised
from register_api.core.versioning import make_version
from strategies import vendor_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from register_api.core.changes import Change

replace = msgspec.structs.replace
FACTS = (
    "Purpose: Runs the application. Processing location: Helsinki, Finland (storage, processing). "
    "Scope of data: customer content. Category of personal data: All customer data."
)
MAIL = FACTS.replace("Runs the application", "Sends mail")
GERMANY = model.Location(country="DE")


def step(older: model.Register, *vendors: Any, kind: str = "change", **fields: Any) -> model.Register:
    """Return the next version, published a day later, with these vendors: as publishing makes it."""
    at = fields.pop("published_at", FIRST + dt.timedelta(days=older.version))
    fields_kept = {name: getattr(older, name) for name in ("notice", "publisher", "categories", "statuses")}
    set_after = {name: fields.pop(name) for name in ("version", "recorded", "corrects") if name in fields}
    listed = (vendor_source(item) if isinstance(item, model.Subprocessor) else item for item in vendors)
    draft = make_draft(*listed, **{"updated_on": at.date()} | fields_kept | fields)
    promises = make_promises((1, FIRST.date(), promised(older.notice)))
    reason = model.Reason(kind=kind)
    context = make_context(older, now=at, reason=reason, promises=promises)
    return msgspec.structs.replace(make_version(draft, context), **set_after)


def changes(older: model.Register | None, newer: model.Register) -> tuple[Change, ...]:
    """Return what the publisher's promise of 30 days makes of two versions."""
    return changes_between(older, newer, make_promises())


def values(change: Change) -> dict[str, tuple[Any, Any]]:
    """Return the values before and after by path."""
    return {field.path: (field.before, field.after) for field in change.fields}


def summaries(older: model.Register | None, newer: model.Register) -> list[tuple[str, str]]:
    """Return type and sentence of each change."""
    return [(change.type, change.summary) for change in changes(older, newer)]


def test_two_vendors_merge_and_split_again() -> None:
    """The survivor takes the new name, the other ends; two years on the part comes back as itself."""
    first = make_register(make_vendor("north"), make_vendor("south"))
    gone = make_vendor("south", engagements=(make_engagement(ends_on=dt.date(2026, 3, 1)),))
    union = make_vendor("north", name="Northsouth Oy", formerly=("North Oy",), merged_from=("south",))
    second = step(first, union, gone)
    assert summaries(first, second) == [
        (
            "ended",
            (
                "South Oy will no longer be used from 1 March 2026. Purpose: Runs the application. "
                "Merged into Northsouth Oy."
            ),
        ),
        ("renamed", "North Oy is now called Northsouth Oy. South Oy merged into Northsouth Oy."),
    ]
    at = dt.datetime(2028, 1, 1, tzinfo=dt.UTC)
    start = make_engagement(starts_on=dt.date(2028, 2, 1))
    part = published(make_vendor("south-2", split_from="north", engagements=(start,)), 3, at)
    third = step(second, union, gone, part, published_at=at)
    assert summaries(second, third) == [
        (
            "added",
            (
                "Split: South-2 Oy, formerly part of Northsouth Oy, will be used from 1 February 2028. "
                f"{FACTS}"
            ),
        )
    ]


def test_a_swapped_name_is_a_rename() -> None:
    """The same vendor under its name the other way round is renamed, and nobody came or went."""
    older = make_register(make_vendor(name="Cumulus (Acme)"))
    newer = step(older, make_vendor(name="Acme (Cumulus)"))
    assert summaries(older, newer) == [("renamed", "Cumulus (Acme) is now called Acme (Cumulus).")]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "Acme SE"}, "Acme Oy will be called Acme SE from 1 March 2030."),
        ({"merged_from": ["beta"]}, "Beta Oy merged into Acme Oy, effective 1 March 2030."),
        ({"split_from": "beta"}, "Acme Oy split from Beta Oy, effective 1 March 2030."),
        (
            {"status": "available"},
            "Acme Oy: status changed from active to available, effective 1 March 2030.",
        ),
    ],
)
def test_what_is_planned_says_from_when_it_holds(values: dict[str, Any], sentence: str) -> None:
    plans = (model.PlannedChangeSource(id="plan", effective_on=dt.date(2030, 3, 1), set=values),)
    older = make_register(make_vendor(), make_vendor("beta"))
    if "status" in values:
        vendor = make_vendor(engagements=(make_engagement(planned=plans),))
    else:
        vendor = make_vendor(planned=plans)
    ((_, summary),) = summaries(older, step(older, vendor, make_vendor("beta")))
    assert summary.startswith(sentence)


def test_one_name_for_two_purposes() -> None:
    """A second purpose of a listed vendor is an addition of its own, and the first is not touched."""
    first, second = (
        make_engagement(),
        make_engagement("mail", purpose="Sends mail", starts_on=dt.date(2026, 2, 6)),
    )
    older = make_register(make_vendor(engagements=(first,)))
    at = FIRST + dt.timedelta(days=1)
    newer = step(older, published(make_vendor(engagements=(first, second)), 2, at))
    (change,) = changes(older, newer)
    assert (change.type, change.subprocessor, change.engagement) == ("added", "acme", "mail")
    assert change.summary == (
        f"Acme Oy will also be used for “Sends mail” from 6 February 2026. {MAIL.partition('. ')[2]}"
    )
    assert (change.kind, change.notice.met) == ("added", True)
    assert values(change)["purpose"] == (None, "Sends mail")
    assert "subprocessor.name" not in values(change)


def test_only_one_of_two_purposes_changes() -> None:
    """The sentence says which of the two engagements is meant."""
    first, second = make_engagement(), make_engagement("mail", purpose="Sends mail")
    older = make_register(make_vendor(engagements=(first, second)))
    newer = step(older, make_vendor(engagements=(first, replace(second, retention="30 days"))))
    assert summaries(older, newer) == [
        ("data_changed", "Acme Oy (Sends mail): retention period now stated: 30 days.")
    ]


def test_another_legal_entity_under_one_brand() -> None:
    """The brand stays and the company behind it changes: reported as such, and covered by the promise."""
    older = make_register(make_vendor(name="Acme", legal_name="Acme Oy", seat="FI"))
    sold = model.PlannedChangeSource(
        id="sold", effective_on=dt.date(2026, 2, 6), set={"legal_name": "Acme Inc.", "seat": "US"}
    )
    newer = step(older, make_vendor(name="Acme", legal_name="Acme Oy", seat="FI", planned=(sold,)))
    (change,) = changes(older, newer)
    assert change.type == "entity_changed"
    assert (change.kind, change.planned) == ("changed", "sold")
    assert values(change) == {"legal_name": ("Acme Oy", "Acme Inc."), "seat": ("FI", "US")}
    assert change.notice.required
    assert change.summary == (
        "Acme: legal name changed from Acme Oy to Acme Inc.; country of establishment changed from "
        "Finland to United States, effective 6 February 2026."
    )


def test_a_wrong_country_is_corrected() -> None:
    """A correction is no relocation, and needs no notice."""
    older = make_register(make_vendor(engagements=(make_engagement(locations=(GERMANY,)),)))
    newer = step(older, make_vendor(), kind="correction", corrects=1)
    (change,) = changes(older, newer)
    assert (change.type, change.notice) == (
        "corrected",
        NoticeStatus(required=False, announced_on=dt.date(2026, 1, 6)),
    )
    assert change.summary == (
        "Acme Oy (correction): processing location changed from Germany to Helsinki, Finland "
        "(storage, processing)."
    )


def test_four_vendors_published_by_accident_and_withdrawn() -> None:
    """Each step has four equal changes, and together they are withdrawals."""
    off = model.WithdrawnSource(reason="Listed by mistake")
    listed = [make_vendor(name) for name in ("a", "b", "c", "d")]
    taken = [replace(vendor, withdrawn=off) for vendor in listed]
    first = make_register(*listed)
    second = step(first, *taken)
    third = step(second, *listed)
    fourth = step(third, *taken)
    assert [change.type for change in changes(first, second)] == ["withdrawn"] * 4
    assert [change.type for change in changes(second, third)] == ["added"] * 4
    assert summaries(second, third)[0] == (
        "added",
        f"A Oy listed again. No effective date stated: 30 days' notice required. {FACTS}",
    )
    assert summaries(third, fourth) == summaries(first, fourth)
    assert summaries(first, fourth)[3] == (
        "withdrawn",
        "D Oy removed (listed in error). Reason for removal: Listed by mistake.",
    )
    assert changes(second, fourth) == ()


def test_five_versions_on_one_day() -> None:
    """A change undone in between is not in the diff of the whole day."""
    versions = [make_register(make_vendor(), make_vendor("beta"))]
    for seat in ("SE", "DK", "FI"):
        versions.append(step(versions[-1], make_vendor(), make_vendor("beta", seat=seat), published_at=FIRST))
    versions.append(
        step(versions[-1], make_vendor(), make_vendor("beta"), make_vendor("c"), published_at=FIRST)
    )
    steps = [len(changes(*pair)) for pair in pairwise(versions)]
    assert steps == [1, 1, 1, 1]
    assert [change.subprocessor for change in changes(versions[0], versions[-1])] == ["c"]


def test_a_list_published_again_after_fifteen_months() -> None:
    """Twenty-eight edits of details among three starts and ends: the starts and ends come first."""
    names = [f"v{number:02}" for number in range(14)]
    older = make_register(*(make_vendor(name, website="https://old.example/") for name in names))
    kept = [make_vendor(name, website="https://new.example/", address="Street 1") for name in names[1:]]
    kept[3] = replace(kept[3], address=None)
    ended = replace(
        make_vendor("v00", website="https://old.example/"),
        engagements=(make_engagement(ends_on=dt.date(2026, 11, 30)),),
    )
    back = dt.datetime(2027, 4, 1, tzinfo=dt.UTC)
    new = [published(make_vendor(name), 2, back) for name in ("new-1", "new-2")]
    newer = step(older, ended, *kept, *new, published_at=back)
    found = changes(older, newer)
    assert [change.type for change in found[:4]] == ["added", "added", "ended", "details_changed"]
    assert {change.type for change in found[4:]} == {"details_changed"}
    assert found[2].summary.startswith("V00 Oy has not been used since 30 November 2026.")
    assert len(found) == 3 + 13


def test_a_new_column_in_twenty_three_rows() -> None:
    """A field that nobody filled and everybody fills is one change with all values in it."""
    names = [f"v{number:02}" for number in range(23)]
    older = make_register(*map(make_vendor, names))
    filled = (make_engagement(retention="30 days", ict_service="S04"),)
    newer = step(
        older, *(make_vendor(name, website="https://v.example/", engagements=filled) for name in names)
    )
    found = changes(older, newer)
    assert [(change.type, change.summary) for change in found] == [
        ("data_changed", "Retention period now stated for 23 uses."),
        ("category_changed", "Type of ICT service now stated for 23 uses."),
        ("details_changed", "Website now stated for 23 sub-processors."),
    ]
    assert values(found[0]) == {
        f"subprocessors.{name}.engagements.hosting.retention": (None, "30 days") for name in names
    }
    assert values(found[2]) == {
        f"subprocessors.{name}.website": (None, "https://v.example/") for name in names
    }
    assert {(item.kind, item.subprocessor, item.engagement) for item in found} == {("changed", None, None)}
    assert [item.affects for item in found] == [tuple(names)] * 3
    assert all(item.concerns("v07") and not item.concerns("v99") for item in found)


def test_a_column_needs_every_row_and_three_of_them() -> None:
    """If one row stays empty the others are reported one by one; withdrawn vendors do not count."""
    listed = [make_vendor(name) for name in "abcd"]
    filled = [make_vendor(name, website="https://v.example/") for name in "abcd"]
    older = make_register(*listed)
    assert len(changes(older, step(older, *filled[:3], listed[3]))) == 3
    few = make_register(*listed[:2])
    assert len(changes(few, step(few, *filled[:2]))) == 2
    off = replace(listed[3], withdrawn=model.WithdrawnSource(reason="x"))
    older = make_register(*listed[:3], off)
    assert len(changes(older, step(older, *filled[:3], off))) == 1


def test_a_version_that_only_changes_links() -> None:
    """Links are details, at the end of what people care about, and need no notice."""
    older = make_register(make_vendor(), make_vendor("beta"))
    moved = {"privacy_url": "https://new.example/privacy", "subprocessors_url": "https://new.example/list"}
    newer = step(older, make_vendor(**moved), make_vendor("beta", **moved))
    found = changes(older, newer)
    assert [(change.type, list(values(change))) for change in found] == [
        ("details_changed", ["privacy_url", "subprocessors_url"])
    ] * 2
    assert not any(change.notice.required for change in found)


def test_short_notice_is_stated_with_its_reason() -> None:
    """An addition after seven days says seven of thirty, and why."""
    short = model.ShortNotice(reason="the hoster gave up")
    start = make_engagement(starts_on=dt.date(2026, 1, 13), short_notice=short)
    older = make_register(make_vendor())
    newer = step(
        older,
        make_vendor(),
        published(make_vendor("beta", engagements=(start,)), 2, FIRST + dt.timedelta(days=1)),
    )
    assert summaries(older, newer) == [
        (
            "added",
            (
                "Beta Oy will be added as a sub-processor on 13 January 2026. "
                "Short notice: 7 days instead of 30. "
                f"Reason for short notice: the hoster gave up. {FACTS}"
            ),
        )
    ]


def test_a_replacement_names_both() -> None:
    """The new vendor replaces the old one, which names its successor."""
    older = make_register(make_vendor())
    start = make_engagement(starts_on=dt.date(2026, 3, 1))
    leaving = make_vendor(engagements=(make_engagement(ends_on=dt.date(2026, 3, 1)),))
    coming = make_vendor("beta", replaces=("acme",), engagements=(start,))
    newer = step(older, leaving, published(coming, 2, FIRST + dt.timedelta(days=1)))
    assert summaries(older, newer) == [
        ("replaced", f"Beta Oy will replace Acme Oy on 1 March 2026. {FACTS}"),
        (
            "ended",
            (
                "Acme Oy will no longer be used from 1 March 2026. Purpose: Runs the application. "
                "Replaced by Beta Oy."
            ),
        ),
    ]


def test_an_activation_brings_its_date_and_drops_its_condition() -> None:
    """Status, start and condition of one activation are one change."""
    region = model.Condition(type="region", key="LLM_REGION", value="eu")
    waiting = make_engagement(status="conditional", conditions=(region,), starts_on=dt.date(2026, 4, 1))
    older = make_register(make_vendor(engagements=(waiting,)))
    running = make_engagement(starts_on=dt.date(2026, 3, 1))
    newer = step(older, published(make_vendor(engagements=(running,)), 2, FIRST + dt.timedelta(days=1)))
    (change,) = changes(older, newer)
    assert (change.type, change.kind) == ("activated", "changed")
    assert list(values(change)) == ["status", "starts_on", "conditions"]
    assert change.notice.required
    assert change.summary == (
        f"Acme Oy will be activated on 1 March 2026. Status changed from conditional to active. {FACTS}"
    )


def test_the_first_version_adds_every_vendor() -> None:
    """Version 1 adds each vendor, with no notice to be given."""
    parked = make_engagement(status="available", locations=None)
    several = (make_engagement(), make_engagement("mail", purpose="Sends mail"))
    version = make_register(
        make_vendor(), make_vendor("b", engagements=(parked,)), make_vendor("c", engagements=several),
        make_vendor("d", engagements=()),
    )  # fmt: skip
    found = changes(None, version)
    assert [(change.id, change.subprocessor, change.engagement) for change in found] == [
        ("1-1", "acme", "hosting"),
        ("1-2", "b", "hosting"),
        ("1-3", "c", "hosting"),
        ("1-4", "c", "mail"),
        ("1-5", "d", None),
    ]
    assert [change.summary for change in found] == [
        f"Initial list: Acme Oy. {FACTS}",
        (
            "B Oy listed as available, not in use. Country of establishment: Finland. "
            "Purpose: Runs the application. Scope of data: customer content. "
            "Category of personal data: All customer data."
        ),
        f"Initial list: C Oy. {FACTS}",
        f"Initial list: C Oy. {MAIL}",
        "D Oy listed, no current processing.",
    ]
    assert {change.type for change in found} == {"added"}
    assert not any(change.notice.required for change in found)
    assert {change.kind for change in found} == {"added"}
    assert values(found[3])["purpose"] == (None, "Sends mail")
    assert values(found[3])["subprocessor.name"] == (None, "C Oy")
    assert values(found[4])["name"] == (None, "D Oy")


def test_a_deleted_entry_has_ended() -> None:
    """A foreign history may delete; that is not passed over."""
    older = make_register(make_vendor(), make_vendor("beta"))
    assert summaries(older, step(older, make_vendor())) == [
        ("ended", "Beta Oy is no longer listed. Purpose: Runs the application.")
    ]


def test_moves_are_one_change() -> None:
    """One vendor put first, or everything shuffled: one change that says how many move."""
    vendors: Sequence[Any] = [make_vendor(name) for name in "abcde"]
    older = make_register(*vendors)
    assert summaries(older, step(older, vendors[4], *vendors[:4])) == [
        ("reordered", "Register: sub-processors reordered.")
    ]
    turned = step(older, *reversed(vendors))
    assert summaries(older, turned) == [("reordered", "Register: sub-processors reordered.")]
    assert summaries(older, step(older, make_vendor("z"), *vendors))[1:] == []


def test_entries_with_duplicate_ids_are_compared() -> None:
    """Foreign input may repeat an id; no entry hides behind another."""
    older = make_register(make_vendor(), make_vendor())
    newer = step(older, make_vendor(), make_vendor(seat="US"))
    assert [change.type for change in changes(older, newer)] == ["entity_changed"]


def test_another_legal_entity_before_a_use_begins_carries_its_notice() -> None:
    """A newly announced use gives the vendor's change its notice; otherwise no notice is required."""
    soon = dt.date(2026, 5, 1)
    to_come, further = make_engagement(starts_on=soon), make_engagement("mail", status="available")
    older = make_register(make_vendor(seat="FI", engagements=(to_come, further)))
    newer = step(older, make_vendor(seat="US", engagements=(to_come, further)))
    (change,) = changes(older, newer)
    (use, _) = newer.subprocessors[0].engagements
    assert (change.type, change.engagement, use.announced.version) == ("entity_changed", None, newer.version)
    assert (change.notice.required, change.notice.met) == (True, True)
    assert (change.notice.days, change.notice.effective_on) == (use.announced.days, soon)
    (kind,) = changes(
        older, step(older, make_vendor(kind="affiliate", seat="FI", engagements=(to_come, further)))
    )
    assert (kind.type, kind.notice.required) == ("entity_changed", False)


def test_very_long_values_are_cut_where_they_differ() -> None:
    """A sentence stays a sentence, and shows the place of the difference."""
    text = "Stores and serves all files. " * 100
    older = make_register(make_vendor(engagements=(make_engagement(purpose=text + "In Finland."),)))
    newer = step(older, make_vendor(engagements=(make_engagement(purpose=text + "In Estonia."),)))
    ((_, sentence),) = summaries(older, newer)
    assert "In Finland." in sentence
    assert "In Estonia." in sentence
    assert len(sentence) < 400


def test_the_sentence_of_a_move_names_places() -> None:
    """A change of a long list of locations names only additions and removals."""
    places = [replace(FINLAND, place=f"Place number {number}") for number in range(8)]
    older = make_register(make_vendor(engagements=(make_engagement(locations=tuple(places[:7])),)))
    newer = step(older, make_vendor(engagements=(make_engagement(locations=tuple(places[1:])),)))
    ((type_, sentence),) = summaries(older, newer)
    assert type_ == "relocated"
    assert sentence == (
        "Acme Oy: processing location changed from Place number 0, Finland (storage, processing) "
        "to Place number 7, Finland (storage, processing)."
    )


def test_a_step_back_does_not_hide_an_earlier_start() -> None:
    """Active becomes conditional while the start moves earlier: the promise is asked about the start."""
    condition = model.Condition(type="consent", text="with consent")
    waiting = make_engagement(starts_on=dt.date(2026, 3, 1))
    sooner = make_engagement(status="conditional", conditions=(condition,), starts_on=dt.date(2026, 1, 8))
    older = make_register(make_vendor(engagements=(waiting,)))
    newer = step(older, published(make_vendor(engagements=(sooner,)), 2, FIRST + dt.timedelta(days=1)))
    moved, back = changes(older, newer)
    assert (moved.type, list(values(moved)), moved.notice.met) == ("schedule_changed", ["starts_on"], False)
    assert moved.summary == (
        "Acme Oy: start date changed from 1 March 2026 to 8 January 2026. Short notice: 2 days instead of 30."
    )
    assert (back.type, list(values(back))) == ("deactivated", ["status", "conditions"])
    assert back.summary == (
        "Acme Oy: status changed from active to conditional. Purpose: Runs the application. "
        f"Condition: with consent. {FACTS.partition('. ')[2]}"
    )


def test_a_relocation_that_the_promise_covers() -> None:
    """Where the policy lists relocations, the change says from when, and whether that was kept."""
    promises = make_promises((1, FIRST.date(), model.Notice(days=30, applies_to=("relocation",))))
    notice = model.Notice(days=30, applies_to=("relocation",))
    start = {"starts_on": dt.date(2026, 3, 1)}
    older = make_register(make_vendor(engagements=(make_engagement(**start),)), notice=notice)
    moved = make_engagement(locations=(GERMANY,), **start)
    newer = step(older, make_vendor(engagements=(moved,)))
    (relocated,) = changes_between(older, newer, promises)
    assert relocated.summary == (
        "Acme Oy: processing location added: Germany; processing location removed: Helsinki, Finland "
        "(storage, processing), effective 1 March 2026."
    )
    assert (relocated.notice.required, relocated.notice.met) == (True, True)


def test_late_and_undated_additions_are_marked() -> None:
    """A start before its announcement, and a start without a date, show what was promised."""
    late = make_engagement(starts_on=dt.date(2026, 1, 3))
    older = make_register(make_vendor())
    at = FIRST + dt.timedelta(days=1)
    vendors = (make_vendor("late", engagements=(late,)), make_vendor("undated"))
    newer = step(older, make_vendor(), *(published(vendor, 2, at) for vendor in vendors))
    assert summaries(older, newer) == [
        (
            "added",
            (
                "Late Oy added as a sub-processor, effective 3 January 2026. Late notice: announced 3 days "
                f"after it took effect, 30 days' notice required. {FACTS}"
            ),
        ),
        (
            "added",
            (
                "Undated Oy added as a sub-processor. No effective date stated: 30 days' notice required. "
                f"{FACTS}"
            ),
        ),
    ]


def test_categories_come_and_go_and_move() -> None:
    """Changes outside the list of vendors have their own sentences and names."""
    ids = ("infrastructure", "ai", "mail")
    one, two, three = (model.Category(id=id_, title=id_.title()) for id_ in ids)
    older = make_register(categories=(one, two))
    newer = step(older, make_vendor(), categories=(three, one))
    found = changes(older, newer)
    assert [(change.kind, change.summary) for change in found] == [
        ("added", "Category “Mail” added."),
        ("removed", "Category “Ai” removed."),
    ]
    assert [values(change) for change in found] == [
        {"categories.mail.title": (None, "Mail"), "categories.mail.safeguards": (None, [])},
        {"categories.ai.title": ("Ai", None), "categories.ai.safeguards": ([], None)},
    ]
    assert summaries(older, step(older, make_vendor(), categories=(two, one))) == [
        ("reordered", "Register: categories reordered.")
    ]


def test_the_promise_and_the_publisher_are_named() -> None:
    """Changes of the register itself name what they are about, with the way to the field."""
    older = make_register()
    publisher = replace(older.publisher, name="Example Group")
    newer = step(older, make_vendor(), publisher=publisher, notice=replace(older.notice, days=45))
    assert [(change.fields[0].path, change.summary) for change in changes(older, newer)] == [
        ("publisher.name", "Publisher: name changed from Example to Example Group."),
        ("notice.days", "Notice policy: notice period changed from 30 days to 45 days."),
    ]


def test_a_vendor_that_is_listed_only_to_be_withdrawn() -> None:
    """An import may bring a vendor together with its withdrawal; nobody is added."""
    older = make_register(make_vendor())
    newer = step(
        older, make_vendor(), make_vendor("beta", withdrawn=model.WithdrawnSource(reason="Never used"))
    )
    assert summaries(older, newer) == [
        (
            "withdrawn",
            "Retrospective entry: Beta Oy, removed (listed in error). Reason for removal: Never used.",
        )
    ]


def test_the_diff_of_many_versions_does_not_take_the_last_reason_for_all() -> None:
    """A correction speaks for its own step: what moved before it is still a relocation."""
    older = make_register(make_vendor())
    moved = make_vendor(engagements=(make_engagement(locations=(GERMANY,)),))
    second = step(older, moved)
    third = step(second, replace(moved, seat="SE"), kind="correction", corrects=2)
    assert [change.type for change in changes(second, third)] == ["corrected"]
    assert [change.type for change in changes(older, third)] == ["entity_changed", "relocated"]


def titled(older: model.Register, newer: model.Register) -> list[str]:
    """Return the title of each change."""
    sentences = Sentences.between(older, newer, dt.UTC)
    return [sentences.title(change) for change in changes(older, newer)]


def uses(*engagements: model.EngagementSource) -> model.Subprocessor:
    """Return Acme with these uses."""
    return make_vendor(engagements=engagements)


def test_titles_distinguish_new_vendors_further_uses_and_returns() -> None:
    """A company that has been there for years is not "added"."""
    later = {"starts_on": dt.date(2026, 2, 6)}
    mail = make_engagement("mail", purpose="Sends mail", **later)
    used = make_register(make_vendor())
    assert titled(used, step(used, make_vendor(), make_vendor("beta", engagements=(mail,)))) == [
        "Beta Oy will be added as a sub-processor on 6 February 2026"
    ]
    assert titled(used, step(used, uses(make_engagement(), mail))) == [
        "Acme Oy will also be used for “Sends mail” from 6 February 2026"
    ]
    unnamed = make_engagement("mail", purpose="", **later)
    assert titled(used, step(used, uses(make_engagement(), unnamed))) == [
        "Acme Oy will also be used for Infrastructure from 6 February 2026"
    ]
    over = make_engagement(ends_on=dt.date(2026, 1, 1))
    former = make_register(uses(over))
    again = make_engagement("hosting-2", **later)
    assert titled(former, step(former, uses(over, again))) == [
        "Acme Oy will be used again from 6 February 2026"
    ]


def test_a_new_vendor_from_a_merger_is_reported_as_such() -> None:
    """Not as an addition that happens to name another company."""
    older = make_register(make_vendor("north"), make_vendor("south"))
    start = make_engagement(starts_on=dt.date(2026, 2, 6))
    union = make_vendor("union", merged_from=("north", "south"), engagements=(start,))
    (change,) = changes(older, step(older, make_vendor("north"), make_vendor("south"), union))
    assert change.summary == (
        f"Merger: Union Oy will take over from North Oy and South Oy on 6 February 2026. {FACTS}"
    )
    assert change.affects == ("north", "south", "union")


def test_what_is_new_is_named_first_and_alone() -> None:
    """A country, a mechanism, a category of data, a legal entity; whatever else changed with it."""
    scc, dpf = (model.Transfer(destination="US", mechanism=mechanism) for mechanism in ("scc", "dpf"))
    shenzhen = model.Location(country="CN", place="Shenzhen", activities=("access",))
    entity = model.Entity(legal_name="Acme Payments Ltd.", seat="IE")
    before = make_engagement(data_categories=("Names", "Addresses"), transfers=(scc,), entity=entity)
    rows = {
        "relocated": (
            {"locations": (GERMANY, FINLAND, shenzhen)},
            (
                "processing locations added: Germany; Shenzhen, China (remote access). "
                "Transfer mechanism: not stated"
            ),
        ),
        "data_changed": (
            {"data_categories": ("Names", "Health data"), "retention": "2 years"},
            (
                "category of personal data added: Health data; category of personal data removed: Addresses; "
                "retention period now stated: 2 years"
            ),
        ),
        "transfer_changed": (
            {"transfers": (dpf,)},
            (
                "third-country transfer changed from United States (standard contractual clauses) to "
                "United States (EU-US Data Privacy Framework)"
            ),
        ),
        "entity_changed": (
            {"entity": replace(entity, legal_name="Acme Payments GmbH", seat="DE")},
            (
                "legal entity for this use changed from Acme Payments Ltd. (Ireland) to Acme Payments GmbH "
                "(Germany)"
            ),
        ),
    }
    for type_, (fields, phrase) in rows.items():
        older = make_register(uses(before))
        assert summaries(older, step(older, uses(replace(before, **fields)))) == [
            (type_, f"Acme Oy: {phrase}.")
        ]


def test_a_planned_change_is_announced_moved_and_cancelled() -> None:
    """Each time with its id, and with the way to its own fields once it is not news any more."""
    move = model.PlannedChangeSource(
        id="move", effective_on=dt.date(2026, 3, 1), set={"locations": [{"country": "DE"}]}
    )
    first = make_register(make_vendor())
    second = step(first, uses(make_engagement(planned=(move,))))
    later = replace(move, effective_on=dt.date(2026, 4, 1))
    third = step(second, uses(make_engagement(planned=(later,))))
    off = replace(later, cancelled=model.CancelledSource(reason="Customers objected"))
    fourth = step(third, uses(make_engagement(planned=(off,))))
    found = [*changes(first, second), *changes(second, third), *changes(third, fourth)]
    assert {(item.planned, item.engagement, item.kind) for item in found} == {("move", "hosting", "changed")}
    assert [list(values(item)) for item in found] == [
        ["locations"],
        ["planned.move.effective_on"],
        ["planned.move.cancelled"],
    ]
    assert [item.summary for item in found] == [
        (
            "Acme Oy: processing location added: Germany; processing location removed: Helsinki, Finland "
            "(storage, processing), effective 1 March 2026."
        ),
        (
            "Acme Oy, planned change of processing locations: effective date changed from 1 March 2026 to "
            "1 April 2026."
        ),
        (
            "Acme Oy, planned change of processing locations: announced for 1 April 2026, will not take "
            "place. Reason for cancellation: Customers objected."
        ),
    ]


def test_other_affected_vendors_are_named() -> None:
    """Who is replaced, and who has a use in a category whose safeguards change."""
    older = make_register(make_vendor(), make_vendor("beta"))
    start = make_engagement(starts_on=dt.date(2026, 3, 1))
    replaced, *_ = changes(
        older,
        step(
            older,
            make_vendor(),
            make_vendor("beta"),
            make_vendor("new", replaces=("acme",), engagements=(start,)),
        ),
    )
    assert (replaced.subprocessor, replaced.affects) == ("new", ("acme", "new"))
    assert replaced.concerns("acme")
    category = model.Category(id="infrastructure", title="Infrastructure")
    first = make_register(make_vendor(), make_vendor("beta"), categories=(category,))
    safer = replace(category, safeguards=("Encrypted",))
    (safeguards,) = changes(first, step(first, make_vendor(), make_vendor("beta"), categories=(safer,)))
    assert (safeguards.subprocessor, safeguards.affects) == (None, ("acme", "beta"))
