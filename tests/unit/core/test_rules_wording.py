"""Rules on texts, addresses and sizes: R05, R17."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from examples import NOTICE, make_context, make_draft, make_engagement, make_vendor
from register_api.core import model
from register_api.core.rules import check
from register_api.source.lines import parse_key

if TYPE_CHECKING:
    from register_api.core.rules import Context
    from register_api.errors import Finding

PUBLISHER = make_draft().register.publisher


def findings_of(number: str, draft: model.Draft, context: Context | None = None) -> list[Finding]:
    """Return what one rule says of a source."""
    return [finding for finding in check(draft, context or make_context()) if finding.rule == number]


def publisher(**fields: Any) -> model.Draft:
    """Return a source whose publisher has these fields."""
    return make_draft(publisher=msgspec.structs.replace(PUBLISHER, **fields))


HTTP = "http://a.example"


@pytest.mark.parametrize(
    ("draft", "key"),
    [
        (make_draft(make_vendor(name="<b>Acme</b>")), "name"),
        (make_draft(make_vendor(legal_name="Acme\u200b Inc.")), "legal_name"),
        (make_draft(make_vendor(website=HTTP)), "website"),
        (make_draft(make_vendor(privacy_url="acme.example/privacy")), "privacy_url"),
        (make_draft(make_vendor(subprocessors_url="https://me@acme.example")), "subprocessors_url"),
        (make_draft(make_vendor(contact="javascript:alert(1)")), "contact"),
        (make_draft(make_vendor(formerly=("Good", " bad"))), "formerly[1]"),
        (make_draft(make_vendor(extra={"note": "a\tb"})), "extra.note"),
        (make_draft(make_vendor(extra={"my note ": "fine"})), 'extra."my note "'),
        (make_draft(make_vendor(withdrawn=model.WithdrawnSource(reason=""))), "withdrawn.reason"),
        (
            make_draft(
                make_vendor(certifications=(model.Certification(name="x", claim="certified", url=HTTP),))
            ),
            "certifications[0].url",
        ),
        (make_draft(make_vendor(engagements=(make_engagement(notes="&lt;b&gt;"),))), "engagements[0].notes"),
        (make_draft(make_vendor(engagements=(make_engagement(retention=""),))), "engagements[0].retention"),
        (
            make_draft(related_documents=(model.RelatedDocument(title="DPA", url=HTTP),)),
            "related_documents[0].url",
        ),
        (make_draft(notice=msgspec.structs.replace(NOTICE, subscribe="a@b.example")), "notice.subscribe"),
        (publisher(website=HTTP), "publisher.website"),
        (publisher(language="english language"), "publisher.language"),
        (
            publisher(contacts=(model.Contact(role="privacy", email="mailto:a@b.example"),)),
            "publisher.contacts[0].email",
        ),
        (publisher(contacts=(model.Contact(role="privacy", url=HTTP),)), "publisher.contacts[0].url"),
    ],
)
def test_a_fault_is_found_at_its_key(draft: model.Draft, key: str) -> None:
    """R05 checks every text, and names the key as written in the source."""
    (finding,) = findings_of("R05", draft)
    assert (finding.severity, finding.key) == ("error", key)
    assert finding.message.isprintable()
    assert finding.hint


@pytest.mark.parametrize(
    "draft",
    [
        make_draft(make_vendor(contact="The data protection officer")),
        make_draft(make_vendor(contact="mailto:privacy@acme.example")),
        make_draft(make_vendor(extra={"website": "see the brochure", "two words": "http://plain.example"})),
        make_draft(make_vendor(engagements=(make_engagement(status="available", purpose="", locations=()),))),
        make_draft(notice=msgspec.structs.replace(NOTICE, subscribe="https://a.example/subscribe")),
        publisher(contacts=(model.Contact(role="privacy", email="a@b.example"),), language="de-AT"),
    ],
)
def test_clean_texts_are_accepted(draft: model.Draft) -> None:
    """R05 asks for addresses only where the field holds one."""
    assert findings_of("R05", draft) == []


def test_a_key_with_a_strange_name_can_be_found_again() -> None:
    """Names of labels that TOML writes in quotes are written so in the finding."""
    name = 'quote " and \\ and \u200b'
    (finding, *_) = findings_of("R05", make_draft(make_vendor(extra={name: "x"})))
    assert finding.key.isprintable()
    assert parse_key(finding.key) == ("extra", name)


def test_the_reason_for_publishing_is_a_text_too() -> None:
    """R05, R17: what is given on the command line is signed and shown like the rest."""
    for text, number in (("<b>new</b>", "R05"), ("x" * 4_001, "R17")):
        context = make_context(reason=model.Reason(kind="initial", text=text))
        (finding,) = findings_of(number, make_draft(), context)
        assert (finding.file, finding.key) == ("register.toml", "")
    assert check(make_draft(), make_context(reason=model.Reason(kind="initial", text="x" * 4_000))) == ()


@pytest.mark.parametrize(("length", "refused"), [(4_000, False), (4_001, True)])
def test_length_of_a_text(length: int, refused: bool) -> None:
    """R17: 4,000 characters, not bytes, are allowed and one more is not."""
    vendor = make_vendor(engagements=(make_engagement(purpose="ü" * length),))
    found = findings_of("R17", make_draft(vendor))
    assert bool(found) is refused
    assert all(str(length) in finding.message for finding in found)


@pytest.mark.parametrize(("number", "refused"), [(100, False), (101, True)])
def test_number_of_engagements(number: int, refused: bool) -> None:
    """R17: a hundred engagements are allowed and one more is not."""
    vendor = make_vendor(engagements=tuple(make_engagement(f"use-{index}") for index in range(number)))
    assert [finding.key for finding in findings_of("R17", make_draft(vendor))] == ["engagements"] * refused


@pytest.mark.parametrize(("number", "refused"), [(100, False), (101, True)])
def test_number_of_planned_changes(number: int, refused: bool) -> None:
    """R17: of a vendor and its engagements together two hundred are allowed and one more is not."""
    day = dt.date(2999, 1, 1)
    of_use, of_vendor = (
        tuple(
            model.PlannedChangeSource(id=f"plan-{index}", effective_on=day, set=values)
            for index in range(count)
        )
        for count, values in ((number, {"notes": "x"}), (100, {"address": "x"}))
    )
    use = make_engagement(planned=of_use)
    vendor = msgspec.structs.replace(make_vendor(engagements=(use,)), planned=of_vendor)
    assert [finding.key for finding in findings_of("R17", make_draft(vendor))] == ["planned"] * refused


def test_number_of_vendors() -> None:
    """R17: ten thousand vendors are allowed and one more is not."""
    bare = make_vendor(engagements=())
    vendors = [msgspec.structs.replace(bare, id=f"v{number}") for number in range(10_001)]
    assert findings_of("R17", make_draft(*vendors[:10_000])) == []
    (finding,) = findings_of("R17", make_draft(*vendors))
    assert "10001" in finding.message
    assert "10000" in finding.message


@pytest.mark.parametrize("name", ["days", "objection.days"])
@pytest.mark.parametrize(
    ("days", "refused"), [(-1, True), (0, False), (3_650, False), (3_651, True), (10**12, True)]
)
def test_days_of_a_promise(name: str, days: int, refused: bool) -> None:
    """R17: a promise names 0 to 3,650 days; a number beyond is refused and never counted with."""
    objection = model.Objection(days=days, contact="mailto:privacy@example.com")
    changed = {"days": days} if name == "days" else {"objection": objection}
    draft = make_draft(notice=msgspec.structs.replace(NOTICE, **changed))
    assert [finding.key for finding in findings_of("R17", draft)] == [f"notice.{name}"] * refused
