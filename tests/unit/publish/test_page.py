"""Pages show the register to people: harmless, readable anywhere, true later."""

from __future__ import annotations

import datetime as dt
import hashlib
import posixpath
import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import pytest
from lxml import html

import messages
import sample_register as sample
from every_field import EveryField
from examples import published
from register_api.core import model
from register_api.core.canonical import encode
from register_api.core.changes import FieldChange
from register_api.core.fields import FIELDS
from register_api.core.format import tree
from register_api.core.format.paths import in_language, kind_of
from register_api.core.language.language import capital
from register_api.publish.feed.interests import interests
from register_api.publish.page import render as page
from register_api.publish.page.version_history import past_version
from register_api.publish.page.view import vendor_counts
from register_api.publish.templating import SCRIPT, safe_link
from register_api.style import CONTENT_SECURITY_POLICY, LOADING_POLICY, STYLE, STYLE_SHA256

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from register_api.core.language.language import Language


def all_pages() -> dict[str, bytes]:
    """Return one page of each kind in each language, by path."""
    return page.in_each_language(sample.register().publisher, pages_in)


def pages_in(language: Language) -> Iterator[tuple[str, bytes]]:
    """Yield one page of each kind, by the path that it has in the main language."""
    view = msgspec.structs.replace(sample.view(), language=language)
    yield tree.INDEX.path(), page.index_page(view)
    yield tree.CHANGES_PAGE.path(), page.changes_page(view)
    yield tree.SUBSCRIBE_PAGE.path(), page.subscribe_page(view)
    yield tree.ANNEX_PAGE.path(), page.annex_page(view)
    yield tree.VERSION_PAGE.path(7), page.version_page(sample.summary().in_language(language))
    for vendor, data in page.subprocessor_pages(view, view.register.subprocessors):
        yield tree.SUBPROCESSOR_PAGE.path(vendor), data


PAGES = all_pages()

WITH_FILTERS = {tree.INDEX.path(): "./", in_language(tree.INDEX.path(), "de"): "../"}
"""Pages that load the script, and the way from them to the root of the tree."""

SCRIPT_PATH = tree.SCRIPT.path(hashlib.sha256(SCRIPT).hexdigest())


@pytest.mark.parametrize("path", [tree.INDEX.path(), f"de/{tree.INDEX.path()}"])
def test_exports_are_saved_under_a_name_of_their_own(path: str) -> None:
    """The register and its version are in it; each export that is not a schema has a link."""
    links = parse(PAGES[path]).xpath("//a[@download]")
    saved = {target(path, link.get("href")): link.get("download") for link in links}
    exports = [kind.path() for kind in tree.GROUPS["Exports"] if kind is not tree.USES_SCHEMA]
    assert saved.keys() == set(exports)
    assert saved[tree.USES_CSV.path()] == "example.com-sub-processors-v7-uses.csv"
    assert not [name for name in saved.values() if not re.fullmatch(r"[\w.-]+", name)]


@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith("de/")])
def test_each_page_leads_to_itself_in_every_language(path: str) -> None:
    """Both ways, for programs and for people; the main language is the one for everybody else."""
    addresses = {"en": path, "de": f"de/{path}"}
    for tag, here in addresses.items():
        root = parse(PAGES[here])
        assert root.get("lang") == tag
        told = root.xpath("//link[@hreflang]")
        assert {link.get("hreflang"): target(here, link.get("href")) for link in told} == {
            **addresses,
            "x-default": path,
        }
        (other,) = root.xpath("//a[@hreflang]")
        assert (other.get("lang"), other.text_content()) in {("de", "Deutsch"), ("en", "English")} - {
            (tag, {"en": "English", "de": "Deutsch"}[tag])
        }
        assert target(here, other.get("href")) == addresses[other.get("hreflang")]


def test_links_between_pages_stay_in_their_language() -> None:
    """Files that are not pages are the same for all."""
    for path, data in PAGES.items():
        links = [link.get("href") for link in parse(data).xpath("//a[not(@hreflang)]")]
        within = [target(path, link) for link in links if not link.startswith(("#", "https:", "mailto:"))]
        pages = [file for file in within if kind_of(file).is_page]
        assert pages
        assert {file.startswith("de/") for file in pages} == {path.startswith("de/")}


def test_a_german_register_has_english_pages_beside_its_german_ones() -> None:
    publisher = msgspec.structs.replace(sample.register().publisher, language="de-AT")
    made = page.in_each_language(publisher, lambda language: [(tree.INDEX.path(), language.tag.encode())])
    assert made == {"index.html": b"de", "en/index.html": b"en"}


def test_a_version_page_says_its_changes_in_its_language() -> None:
    """Anew from the diff, whose summaries are in the publisher's language; so do names of countries."""
    german = text_of(PAGES["de/" + tree.VERSION_PAGE.path(7)])
    assert "Unterauftragsverarbeiter" in german
    assert all(change.summary not in german for change in sample.CHANGES)
    assert "Finnland" in text_of(PAGES["de/index.html"])


def parse(data: bytes) -> HtmlElement:
    """Read a page as browsers do."""
    return html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8"))


def text_of(data: bytes) -> str:
    """Return the text of a page, white space folded."""
    body = parse(data).find("body")
    assert body is not None
    for block in body.iter("br", "p", "li", "dt", "dd", "th", "td"):
        block.tail = " " + (block.tail or "")
    return " ".join(str(body.text_content()).split())


INDEX = text_of(PAGES[tree.INDEX.path()])


@pytest.mark.parametrize(
    "said",
    [
        (
            "We give at least 30 days' prior notice of: new sub-processors; replacement of a sub-processor; "
            "activation of an available sub-processor."
        ),
        "You may object within 14 days of the notice.",
        "privacy@example.com",
        "Upcoming, from 10 June 2026",
        "Active, ends 17 May 2026",
        "Former, since 1 February 2026",
        "Short notice: 7 days instead of 30. The former service shuts down on 16 May",
        "31 days' notice given (30 required)",
        "Removed (listed in error) Mistaken Ltd Removed It was never used",
        "Helsinki (HEL1), Finland (default)",
        "Condition: on request of the customer",
        "Transfer mechanism for United States: standard contractual clauses, module 3",
        "EU Cloud Code of Conduct (self-declared) cloud servers",
        "ISO/IEC 27001 valid until 1 March 2027",
        "Never used to train a model",
        "Condition: after the visitor accepted analytics cookies",
        "Your integrations You connect them.",
        "Data Processing Agreement",
        "Status as of 10 May 2026",
        "Version 7. Published 10 May 2026, 09:00 UTC. Last updated 10 May 2026.",
        "Example group company",
        (
            "Example GmbH uses 2 sub-processors to process customer personal data. 1 more is conditional. "
            "2 more are upcoming. 1 more is available but not in use."
        ),
        b64encode(sample.summary().root_hash).decode(),
    ],
)
def test_index_says(said: str) -> None:
    """What a customer looks for stands on the first page."""
    assert said in INDEX


def test_categories_stand_in_the_registers_order_and_former_uses_below() -> None:
    """The publisher decides the order of reading."""
    headings = [heading.text for heading in parse(PAGES[tree.INDEX.path()]).iter("h2")]
    order = ["Upcoming changes", "Infrastructure", "AI inference", "Operations", "Former sub-processors"]
    assert [heading for heading in headings if heading in order] == order


def test_what_is_coming_is_nearest_first_with_its_dates() -> None:
    """Starts and ends that lie ahead, each with its deadline; not what has ended or is withdrawn."""
    assert upcoming_rows(sample.TODAY) == [
        (
            "Hasty Mail Start: Sends messages to users 17 May 2026 10 May 2026 24 May 2026 "
            "privacy@example.com Short notice: 7 days instead of 30. The former service shuts down on 16 May"
        ),
        "Old Mail End: Sends messages 17 May 2026 \u2013 \u2013 Not covered by the notice policy",
        (
            "Acme Inc. Acme Incorporated Start: Turns free text into structured signals; what identifies "
            "people is redacted before 10 June 2026 10 May 2026 24 May 2026 "
            "privacy@example.com 31 days' notice given (30 required)"
        ),
    ]


def test_what_has_begun_stays_until_its_deadline_has_passed() -> None:
    """A customer can still object to it; a deadline that has passed is called so, without an address."""
    assert upcoming_rows(dt.date(2026, 5, 24))[0].startswith(
        "Hasty Mail Already in effect, objection still possible: Sends messages to users 17 May 2026"
    )
    assert [row for row in upcoming_rows(dt.date(2026, 5, 25)) if "Hasty" in row] == []
    (acme,) = (row for row in upcoming_rows(dt.date(2026, 5, 25)) if row.startswith("Acme"))
    assert "Passed on 24 May 2026" in acme
    assert "privacy@example.com" not in acme


def test_what_is_not_enabled_stands_apart() -> None:
    """In a table of its own, under a heading where the category has others too."""
    register = sample.register()
    uses = [
        sample.engagement(id_, "operations", status=status)
        for id_, status in (("used", "active"), ("spare", "available"))
    ]
    vendors = [model.Subprocessor(id=use.id, name=use.id.title(), engagements=(use,)) for use in uses]
    view = sample.view(subprocessors=tuple(vendors))
    text = text_of(page.index_page(view))
    (category,) = (item.title for item in register.categories if item.id == "operations")
    assert f"{category}: not enabled Available, but not in use" in text
    tables = parse(page.index_page(view)).findall(".//table[@class='register']")
    assert [
        ["Used" in str(table.text_content()), "Spare" in str(table.text_content())] for table in tables
    ] == [
        [True, False],
        [False, True],
    ]


def test_rows_can_be_filtered_without_a_script() -> None:
    """By state and by place: what the style sheet hides goes by the classes of the rows."""
    view = sample.view()
    root = parse(page.index_page(view))
    found = {row.get("class") for row in root.xpath("//section[@class='category']//tbody/tr")}
    states = {row.state for row in view.rows} - {"withdrawn"}
    assert {str(look).split()[0] for look in found} == states
    for box in root.xpath("//input[@type='checkbox']"):
        assert f"#{box.get('id')}:checked" in STYLE
    assert {str(look).partition(" ")[2] for look in found} == {"", "outside"}


def test_countries_are_counted_those_outside_the_eea_first() -> None:
    """With who is there, and on what the transfer rests; nobody who gets no personal data."""
    places = {"one": ("FI", "US"), "two": ("US",), "three": ("FI",), "idle": ("CN",)}
    vendors = [
        model.Subprocessor(
            id=id_,
            name=id_.title(),
            engagements=(
                sample.engagement(
                    "use",
                    "operations",
                    status="available" if id_ == "three" else "active",
                    data_scope=() if id_ == "idle" else None,
                    locations=tuple(model.Location(country=code) for code in codes),
                    transfers=(model.Transfer(destination="US", mechanism="scc"),) if id_ == "one" else None,
                ),
            ),
        )
        for id_, codes in places.items()
    ]
    data = page.index_page(sample.view(subprocessors=tuple(vendors)))
    (table,) = parse(data).xpath("//section[@aria-labelledby='countries']/table")
    assert rows_of(table) == [
        "United States outside the EEA 2 One, Two \u2013 Standard contractual clauses; not stated",
        "Finland 1 One 1 Three Not required",
    ]


def test_a_certificate_that_has_expired_is_called_so() -> None:
    """On the register's page and the vendor's; on its last day it is still valid."""
    for days, said in ((0, "valid until"), (1, "expired on")):
        until = sample.TODAY - dt.timedelta(days=days)
        item = model.Certification(name="ISO/IEC 27001", claim="certified", valid_until=until)
        for text in shown(certifications=(item,)):
            assert f"{said} {until.day} May 2026" in text


def test_what_was_cancelled_is_not_called_active() -> None:
    """It never took effect."""
    index = shown(
        cancelled=model.Cancelled(
            reason="Customers objected", announced=model.Announced(version=7, at=sample.SEVENTH)
        )
    )[0]
    assert "Former sub-processors" in index
    assert "Cancelled before it took effect" in index
    assert "Active" not in index.split("Former sub-processors", 1)[1].split("Status definitions", 1)[0]


def upcoming_rows(day: dt.date) -> list[str]:
    """Return the text of each row of the table of upcoming changes on a day."""
    view = msgspec.structs.replace(sample.view(), today=day)
    table = parse(page.index_page(view)).find(".//table[@class='upcoming']")
    assert table is not None
    return rows_of(table)


def rows_of(table: HtmlElement) -> list[str]:
    """Return the text of each row of a table but the first, white space folded."""
    for block in table.iter("br", "p", "th", "td", "strong"):
        block.tail = " " + (block.tail or "")
    return [" ".join(str(row.text_content()).split()) for row in table.iter("tr")][1:]


def test_states_follow_the_day_of_the_page() -> None:
    """The same version shown on a later day shows what is true then."""
    first, later = (msgspec.structs.replace(sample.view(), today=dt.date(2026, 6, day)) for day in (10, 11))
    text = text_of(page.index_page(later))
    assert "Upcoming, from" not in text
    assert "No upcoming changes." in text
    assert "Former, since 17 May 2026" in text
    assert "Upcoming, from" not in text_of(page.index_page(first))


def test_a_planned_change_is_told_with_what_comes_by_it() -> None:
    """On the page of the register until its day, and then as what holds."""
    move = model.PlannedChange(
        id="move",
        effective_on=dt.date(2026, 7, 1),
        set={"locations": [{"country": "SE"}]},
        announced=model.Announced(version=1, at=sample.register().published_at),
    )
    before, after = (_with_planned(move, day) for day in (dt.date(2026, 6, 30), dt.date(2026, 7, 2)))
    assert "Processing location added: Sweden" in before
    assert "Change: " not in after


def _with_planned(change: model.PlannedChange, day: dt.date) -> str:
    """Return the page on a day on which the first engagement is to change."""
    view = sample.view()
    vendor, *others = view.register.subprocessors
    use = msgspec.structs.replace(vendor.engagements[0], planned=(change,))
    listed = msgspec.structs.replace(vendor, engagements=(use, *vendor.engagements[1:]))
    register = msgspec.structs.replace(view.register, subprocessors=(listed, *others))
    return text_of(page.index_page(msgspec.structs.replace(view, register=register, today=day)))


def german_pages() -> list[bytes]:
    """Return the pages of a register in German."""
    publisher = msgspec.structs.replace(sample.register().publisher, language="de-AT")
    view = sample.view(changes=(), publisher=publisher)
    version = sample.summary(7, (), publisher=publisher)
    vendors = page.subprocessor_pages(view, view.register.subprocessors)
    return [
        page.index_page(view),
        page.changes_page(view),
        page.version_page(version),
        *(data for _, data in vendors),
    ]


def test_a_register_in_german_has_german_pages() -> None:
    """Labels, dates and notice; none of our own English is left on any of them."""
    pages = german_pages()
    assert {parse(data).get("lang") for data in pages} == {"de"}
    text = text_of(pages[0])
    for said in (
        "Wir kündigen mindestens 30 Tage im Voraus an: neue Unterauftragsverarbeiter;",
        "Widerspruchsfrist: 14 Tage ab der Ankündigung.",
        "Angekündigt, ab 10. Juni 2026",
        "Verkürzte Ankündigungsfrist: 7 Tage statt 30.",
        "31 Tage im Voraus angekündigt (30 erforderlich)",
        "Übermittlungsgrundlage für Vereinigte Staaten: Standardvertragsklauseln, module 3",
    ):
        assert said in text
    english = {message.id for message in messages.catalogue("de") if " " in message.id}
    kept = {item for item in english for data in pages if isinstance(item, str) and item in text_of(data)}
    assert kept == set()


def test_a_register_in_another_language_has_english_pages_that_say_so() -> None:
    publisher = msgspec.structs.replace(sample.register().publisher, language="fr")
    data = page.index_page(sample.view(publisher=publisher))
    assert parse(data).get("lang") == "en"
    assert "Change notification policy" in text_of(data)


def test_all_changes_stand_on_one_page_by_month() -> None:
    """What changed since a day is a click away: the month, and from there the version."""
    versions = tuple(
        past_version(number, dt.datetime(2026, month, 3, tzinfo=dt.UTC), diff, dt.UTC)
        for number, month, diff in (
            (3, 5, sample_diff("Third.", "Fourth.")),
            (2, 3, sample_diff("Second.")),
            (1, 3, sample_diff("First.")),
        )
    )
    view = msgspec.structs.replace(sample.view(version=3), history=versions)
    data = page.changes_page(view)
    text = text_of(data)
    assert [heading.text for heading in parse(data).iter("h2")] == ["May 2026", "March 2026", "Timeline"]
    months = [
        link.get("href") for link in parse(data).iter("a") if (link.get("href") or "").startswith("#month-")
    ]
    assert months == ["#month-2026-05", "#month-2026-03"]
    assert "3 versions so far, the newest first." in text
    assert "Version 3, 3 May 2026 Third. Fourth. March 2026 Version 2, 3 March 2026 Second." in text
    assert "Version 1, 3 March 2026 Initial list: 1 sub-processor." in text
    assert "First." not in text


def test_a_version_of_many_changes_leads_to_its_page() -> None:
    """So that one large version does not hide all others."""
    told = past_version(2, sample.FIRST, sample_diff(*(f"Said {n}." for n in range(25))), dt.UTC)
    text = text_of(page.changes_page(msgspec.structs.replace(sample.view(), history=(told,))))
    assert "Said 19. and 5 more changes" in text
    assert "Said 20." not in text


def test_a_summary_in_another_language_is_marked() -> None:
    """A screen reader reads it as what it is."""
    german = sample_diff("Acme kommt dazu.").replace(b'"summary_language":"en"', b'"summary_language":"de"')
    view = msgspec.structs.replace(sample.view(), history=(past_version(7, sample.FIRST, german, dt.UTC),))
    for data in (page.index_page(view), page.changes_page(view)):
        (marked,) = parse(data).xpath("//main//*[@lang]")
        assert (marked.get("lang"), marked.text) == ("de", "Acme kommt dazu.")


def test_a_vendors_page_shows_its_history() -> None:
    """Each change that concerns it, with a link to the version that said so."""
    pages = dict(page.subprocessor_pages(sample.view(), sample.view().register.subprocessors))
    text = text_of(pages["acme"])
    assert "History 10 May 2026 Acme Inc. will be added as a sub-processor on 10 June 2026." in text
    assert b"versions/7/#change-7-" in pages["acme"]


def sample_diff(*summaries: str) -> bytes:
    """Return a diff whose changes say these sentences."""
    changes = [sample.change(n, "editorial", said) for n, said in enumerate(summaries, start=1)]
    return encode(sample.summary(7, tuple(changes)).diff)


def test_version_page_says_what_changed_and_links_backwards_only() -> None:
    """It is written once: nothing on it depends on later versions."""
    data = PAGES[tree.VERSION_PAGE.path(7)]
    assert "Acme Inc. will be added as a sub-processor on 10 June 2026." in text_of(data)
    assert (
        "Short notice: 7 days instead of 30. Reason for short notice: The former service shuts down on 16 May"
        in text_of(data)
    )
    assert "https://old.example/" not in text_of(data)
    assert b"versions/6/" in data
    assert b"versions/8/" not in data


def test_version_page_of_a_correction_names_what_it_corrects() -> None:
    """And gives the publisher's reason."""
    reason = model.Reason(kind="correction", text="The country was wrong")
    data = page.version_page(sample.summary(7, (), reason=reason, corrects=5))
    assert "Correction of version 5: The country was wrong" in text_of(data)
    assert "No changes to sub-processors." in text_of(data)


def test_subprocessor_page_says_all_and_which_version_announced_it() -> None:
    """Address, numbers, retention, safeguards, and when it was first said."""
    text = text_of(PAGES[tree.SUBPROCESSOR_PAGE.path("nordic-hosting")])
    for said in (
        "529900T8BM49AURSDO55",
        "Example Street 1 00100 Helsinki",
        "Notice given Listed since 5 January 2026, 08:00 UTC (version 1)",
        "In use since before 5 January 2026",
        "Until the customer's contract ends, then 30 days",
        "Volumes are encrypted at rest",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(kind, name, id=f"{kind.__name__}.{name}")
        for kind in (model.Subprocessor, model.Engagement)
        for name, row in FIELDS[kind].items()
        if row.page and name not in {"identifiers", "extra"}  # shown under names of their own
    ],
)
def test_vendor_page_shows_what_the_table_of_fields_says(kind: type[msgspec.Struct], name: str) -> None:
    """Each field that is shown stands under its label."""
    vendor = published(EveryField().draft().subprocessors[0])
    record = vendor if kind is model.Subprocessor else vendor.engagements[0]
    row, value = FIELDS[kind][name], getattr(record, name)
    label = row.member if isinstance(value, tuple) and len(value) == 1 and row.member else row.label
    assert (
        f"<dt>{capital(label)}</dt>"
        in dict(page.subprocessor_pages(sample.view(), [vendor]))[vendor.id].decode()
    )


def test_withdrawn_subprocessor_stays_visible_with_its_reason() -> None:
    """Nobody disappears from the register."""
    text = text_of(PAGES[tree.SUBPROCESSOR_PAGE.path("mistaken")])
    assert "Removed (listed in error). It was never used" in text


def references(data: bytes) -> Iterator[str]:
    """Yield everything a page links to or would load."""
    for element in parse(data).iter():
        for name in ("href", "src", "action", "srcset", "data", "poster"):
            if element.get(name) is not None:
                yield str(element.get(name))


@pytest.mark.parametrize(("path", "data"), PAGES.items(), ids=PAGES.keys())
def test_links_within_the_tree_are_relative_and_lead_to_files_of_the_tree(path: str, data: bytes) -> None:
    """So that the tree can lie under any prefix."""
    for reference in references(data):
        if reference.startswith(("#", "https://", "mailto:")):
            continue
        assert not reference.startswith("/")
        kind_of(target(path, reference))


def target(path: str, reference: str) -> str:
    """Return the path of the file that a page's reference leads to."""
    said = urlsplit(reference).path
    found = posixpath.normpath(posixpath.join(posixpath.dirname(path), said))
    return posixpath.normpath(found + "/index.html") if said.endswith("/") else found


@pytest.mark.parametrize(("path", "data"), PAGES.items(), ids=PAGES.keys())
def test_pages_load_and_run_nothing_but_the_filters(path: str, data: bytes) -> None:
    """No handler, no style attribute, nothing from elsewhere; one script, in the page that has filters."""
    root = parse(data)
    scripts = [(script.get("src"), script.text) for script in root.iter("script")]
    assert scripts == ([(f"{WITH_FILTERS[path]}{SCRIPT_PATH}", None)] if path in WITH_FILTERS else [])
    assert not list(root.iter("img", "iframe", "object", "embed", "form", "base"))
    for element in root.iter():
        assert not [name for name in element.attrib if str(name).startswith("on") or name == "style"]
    assert {link.get("rel") for link in root.iter("link")} == {"alternate", "describedby", "icon"}
    assert "url(" not in STYLE
    assert "@import" not in STYLE


@pytest.mark.parametrize(("path", "data"), PAGES.items(), ids=PAGES.keys())
def test_policy_names_exactly_the_style_that_stands_in_the_page(path: str, data: bytes) -> None:
    """A browser that enforces the policy still applies the style."""
    style = re.search(rb"<style>(.*?)</style>", data, re.DOTALL)
    assert style is not None
    assert "sha256-" + b64encode(hashlib.sha256(style[1]).digest()).decode() == STYLE_SHA256
    policy = parse(data).find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy is not None
    loads = kind_of(path).loads
    assert policy.get("content") == (LOADING_POLICY if loads else CONTENT_SECURITY_POLICY)
    assert ("script-src" in policy.get("content", "")) is loads is (path in WITH_FILTERS)


def test_the_script_is_named_by_its_digest_twice() -> None:
    """By its path, so that an old page finds the script of its day, and for the browser to compare."""
    (script,) = parse(PAGES[tree.INDEX.path()]).iter("script")
    assert script.get("integrity") == f"sha256-{b64encode(hashlib.sha256(SCRIPT).digest()).decode()}"
    assert script.get("src", "").removeprefix("./") == f"script/{hashlib.sha256(SCRIPT).hexdigest()}.js"


def test_a_register_without_uses_has_no_filters_and_loads_no_script() -> None:
    """Its first sentence says that there are none."""
    root = parse(page.index_page(sample.view(subprocessors=())))
    assert not list(root.iter("script", "fieldset"))
    assert "uses no sub-processor" in root.text_content()


def test_the_script_has_no_words_and_writes_no_markup() -> None:
    """What it says stands in the page, in the page's language."""
    assert not re.search(rb"innerHTML|insertAdjacent|document\.write|eval\(|fetch\(|import ", SCRIPT)
    (status,) = parse(PAGES[tree.INDEX.path()]).xpath("//*[@role='status']")
    assert status.get("data-count") == "Entries shown: {shown} of {all}"


LINKS = [
    ("icon", "image/svg+xml", "../../favicon.svg"),
    ("alternate", "application/atom+xml", "../../feed.atom"),
    ("alternate", "application/feed+json", "../../feed.json"),
    ("alternate", "application/atom+xml", "../../feed/important.atom"),
]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            tree.VERSION_PAGE.path(7),
            [
                ("describedby", "application/json", "../../v1/versions/7/diff.json"),
                ("describedby", "application/json", "../../v1/versions/7/register.json"),
            ],
        ),
        (
            tree.SUBPROCESSOR_PAGE.path("acme"),
            [
                ("alternate", "application/atom+xml", "../../feed/subprocessors/acme.atom"),
                ("describedby", "application/json", "../../v1/register.json"),
            ],
        ),
    ],
)
def test_pages_announce_feeds_and_documents(path: str, expected: list[tuple[str, str, str]]) -> None:
    """Only feeds are alternates: some readers take any other JSON for a JSON Feed."""
    links = [link for link in parse(PAGES[path]).iter("link") if link.get("hreflang") is None]
    assert [(link.get("rel"), link.get("type"), link.get("href")) for link in links] == [
        *LINKS,
        *expected,
    ]


@pytest.mark.parametrize("url", [None, "https://trust.example.com/list/"])
def test_the_page_to_subscribe_has_every_address_to_copy(url: str | None) -> None:
    """Whole ones where the register has an address."""
    view = sample.view(url=url)
    codes = [code.text_content() for code in parse(page.subscribe_page(view)).iter("code")]
    feeds = [
        "feed.atom",
        *(interest.path for interest in interests(view.register)),
        "feed.json",
        "calendar.ics",
    ]
    assert {(url or "../") + path for path in feeds} <= set(codes)
    assert ((url or "../") + "feeds.opml" in codes) == (url is not None)
    assert "privacy@example.com" in text_of(page.subscribe_page(view))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_leads_to_the_page_to_subscribe(path: str) -> None:
    root = "../" * path.removeprefix("de/").count("/") or "./"
    assert f"{root}subscribe/" in {link.get("href") for link in parse(PAGES[path]).iter("a")}


@pytest.mark.parametrize("data", PAGES.values(), ids=PAGES.keys())
def test_pages_are_built_for_assistive_technology(data: bytes) -> None:
    """Language, one main and one first heading, a way past the header, unique ids, table headers."""
    root = parse(data)
    assert root.get("lang") in {"en", "de"}
    assert [len(list(root.iter(name))) for name in ("main", "header", "footer", "h1", "title")] == [1] * 5
    ids = [str(element.get("id")) for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert "content" in ids
    labelled = [element.get("aria-labelledby") for element in root.iter("section")]
    assert {id_ for ids_ in labelled for id_ in str(ids_).split()} <= set(ids)
    for table in root.iter("table"):
        assert table.find("caption") is not None
        assert all(cell.get("scope") in {"col", "row"} for cell in table.iter("th"))


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _themes() -> list[dict[str, str]]:
    """Return the colours of the light and the dark theme."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks]


@pytest.mark.parametrize("theme", _themes(), ids=["light", "dark"])
def test_text_contrasts_with_what_lies_behind_it(theme: dict[str, str]) -> None:
    """WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1."""
    pairs = [(ink, behind) for ink in ("ink", "soft", "link") for behind in ("paper", "sheet", "shade")]
    pairs += [(colour, f"{colour}-bg") for colour in ("green", "blue", "amber", "red", "grey")]
    pairs += [("ink", "red-bg")]
    for ink, behind in pairs:
        light, dark = sorted((_luminance(theme[ink]), _luminance(theme[behind])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, behind)


def _hostile() -> model.Subprocessor:
    """Return a vendor with hostile text wherever text may stand."""
    bad = sample.HOSTILE
    return model.Subprocessor(
        id="bad",
        name=bad,
        legal_name=bad,
        address=bad,
        website="javascript:alert(1)",
        privacy_url='https://x.example/" onmouseover="alert(1)',
        subprocessors_url="data:text/html,<script>alert(1)</script>",
        contact=bad,
        formerly=(bad,),
        identifiers=(model.Identifier(scheme="national", value=bad),),
        certifications=(model.Certification(name=bad, claim="aligned", covers=bad, url="javascript:x"),),
        extra={bad: bad},
        engagements=(
            sample.engagement(
                "use",
                "operations",
                purpose=bad,
                notes=bad,
                retention=bad,
                data_categories=(bad,),
                safeguards=(bad,),
                locations=(model.Location(country="varies", place=bad, text=bad),),
                transfers=(model.Transfer(destination="US", mechanism="scc", reference=bad),),
                conditions=(model.Condition(type="consent", key=bad, value=bad),),
                short_notice=model.ShortNotice(reason=bad),
                announced=model.Announced(version=7, at=sample.SEVENTH),
                starts_on=dt.date(2026, 5, 12),
                extra={bad: bad},
            ),
        ),
    )


def test_hostile_text_is_harmless() -> None:
    """Text stays text, and only https and mailto become links."""
    bad = sample.HOSTILE
    changed = {
        "subprocessors": (_hostile(),),
        "exclusions": (model.Exclusion(title=bad, text=bad, examples=(bad,)),),
        "related_documents": (model.RelatedDocument(title=bad, url="javascript:alert(1)"),),
        "reason": model.Reason(kind="change", text=bad),
        "extra": {bad: bad},
    }
    view = sample.view(**changed)
    field = FieldChange(path="name", before=bad, after=[bad])
    change = sample.change(1, "editorial", bad, subprocessor="bad", fields=(field,))
    pages = [page.index_page(view), page.version_page(sample.summary(7, (change,), **changed))]
    pages += [data for _, data in page.subprocessor_pages(view, view.register.subprocessors)]
    for data in pages:
        path = tree.INDEX.path() if data == pages[0] else ""
        test_pages_load_and_run_nothing_but_the_filters(path, data)
        for reference in references(data):
            assert not reference.lower().startswith(("javascript:", "data:"))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.com/a?b=c#d", True),
        ("mailto:privacy@example.com", True),
        ("HTTPS://example.com/", True),
        ("http://example.com/", False),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("https://example.com/ x", False),
        ("https://example.com/\nx", False),
        ("//example.com/", False),
        ("data:text/html,x", False),
        ("", False),
        (None, False),
    ],
)
def test_only_https_and_mailto_become_links(url: str | None, *, safe: bool) -> None:
    """Anything else is shown as text."""
    assert (safe_link(url) == url and url is not None) is safe


def test_same_input_gives_same_bytes() -> None:
    """Pages depend on their input alone."""
    assert all_pages() == PAGES


PRODUCTS = (model.Product(id="desk", title="Desk", description="Answers <i>mail</i>"),)


def shown(**fields: object) -> tuple[str, str]:
    """Return the texts of the register's page and of the vendor's for a vendor with one engagement."""
    told: dict[str, object] = {"data_scope": None, "data_categories": None, **fields}
    vendor = {name: told.pop(name) for name in ("certifications", "identifiers") if name in told}
    listed = model.Subprocessor(
        id="one",
        name="One",
        engagements=(sample.engagement("use", "operations", **told),),
        **vendor,  # type: ignore[arg-type]
    )
    view = sample.view(subprocessors=(listed,), products=PRODUCTS)
    (data,) = (data for _, data in page.subprocessor_pages(view, view.register.subprocessors))
    return text_of(page.index_page(view)), text_of(data)


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("locations", "Processing locations"),
        ("data_categories", "Categories of personal data"),
        ("data_subjects", "Categories of data subjects"),
        ("certifications", "Certifications"),
    ],
)
def test_none_and_not_stated_are_told_apart(field: str, label: str) -> None:
    """An empty list says that there is none; silence is called silence."""
    assert f"{label} None" in shown(**{field: ()})[1]
    assert f"{label} Not stated" in shown(**{field: None})[1]


@pytest.mark.parametrize("field", ["transfers", "data_scope", "identifiers"])
def test_what_is_said_to_be_none_has_a_line(field: str) -> None:
    """Also where silence has none."""
    before, after = shown(**{field: None})[1], shown(**{field: ()})[1]
    assert after.count("None") == before.count("None") + 1


def test_whom_no_personal_data_reaches_is_not_counted_as_processing_it() -> None:
    """The first sentence of the page is true where a listed company gets no personal data."""
    assert (
        "Example GmbH uses no sub-processor to process customer personal data. "
        "1 more is listed and processes no customer personal data."
    ) in shown(data_scope=())[0]
    assert "uses 1 sub-processor to process customer personal data." in shown()[0]


def test_an_independent_controller_is_not_counted_as_a_sub_processor() -> None:
    """It is listed without being one."""
    said = sample.view()
    (first, *others) = said.register.subprocessors
    controller = msgspec.structs.replace(first, role="independent_controller")
    counted = [vendor_counts(sample.view(subprocessors=(one, *others)).rows) for one in (first, controller)]
    assert sum(counted[0]) == sum(counted[1])
    assert (counted[0][4], counted[1][4]) == (0, 1)
    text = text_of(page.index_page(sample.view(subprocessors=(controller, *others))))
    assert "1 more is listed as an independent controller." in text


US = model.Location(country="US")
SILENCE = "Transfer mechanism: not stated"


@pytest.mark.parametrize(
    ("fields", "times"),
    [
        ({"locations": (US,)}, 1),
        ({"locations": (US,), "transfers": ()}, 1),
        ({"locations": (US,), "transfers": (model.Transfer(destination="US", mechanism="unstated"),)}, 1),
        ({"locations": (US, model.Location(country="CN"), model.Location(country="FI"))}, 2),
        ({"locations": (US,), "transfers": (model.Transfer(destination="US", mechanism="scc"),)}, 0),
        ({"locations": (US,), "data_scope": ()}, 0),
        ({"locations": (model.Location(country="FI"),)}, 0),
    ],
)
def test_a_place_outside_the_eea_without_a_mechanism_says_so(fields: dict[str, object], times: int) -> None:
    """On both pages, beside each such place: silence is not taken for "none needed"."""
    for said in shown(**fields):
        assert said.count(SILENCE) == times


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (model.ProductScope(all=True), "All products"),
        (model.ProductScope(all=False, ids=("desk",)), "Desk"),
        (model.ProductScope(all=False), "None"),
    ],
)
def test_products_stand_in_the_row_and_on_the_vendors_page(scope: model.ProductScope, words: str) -> None:
    """By title; the register's page explains each."""
    index, of_vendor = shown(products=scope)
    assert f"Products: {words}" in index
    assert re.search(f"Products? {words}", of_vendor)
    assert "Desk Answers <i>mail</i>" in index


def test_products_that_are_not_stated_are_called_so() -> None:
    """On the vendor's page, where the register has products at all."""
    index, of_vendor = shown()
    assert "Products:" not in index
    assert "Products Not stated" in of_vendor


def test_conditions_must_all_hold_and_a_negated_one_says_where_not() -> None:
    """A customer reads off the row whether it is concerned."""
    conditions = (
        model.Condition(type="region", key="LLM_REGION", value="eu", negated=True),
        model.Condition(type="plan", text="on the Pro plan"),
        model.Condition(type="consent", text="after consent"),
    )
    for said in shown(conditions=conditions):
        assert "Condition: on the Pro plan and after consent; not used where LLM_REGION = eu" in said


def test_the_legal_entity_of_a_use_is_named_in_its_row() -> None:
    """One brand may have several contracting entities."""
    index, of_vendor = shown(entity=model.Entity(legal_name="One Europe Ltd.", seat="IE"))
    assert "One One Europe Ltd." in index
    assert "Legal entity for this use One Europe Ltd. (Ireland)" in of_vendor
