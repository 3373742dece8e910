"""A year of one company in two languages: each step with the exact sentences that customers read."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import msgspec
import pytest

from examples import make_context, make_draft, make_engagement, make_vendor
from register_api.core import model
from register_api.core.diff.document import changes_between
from register_api.core.language.changes import Sentences
from register_api.core.language.language import Language
from register_api.core.notice_period import Promises
from register_api.core.versioning import make_version

replace = msgspec.structs.replace
NOTICE = model.Notice(
    days=30,
    day_count="business",
    applies_to=("addition", "replacement", "activation", "relocation", "data_changed"),
    objection=model.Objection(days=10, contact="mailto:privacy@example.com"),
)
HELSINKI = model.Location(country="FI", place="Helsinki", activities=("store", "process"))
SHENZHEN = model.Location(country="CN", place="Shenzhen", activities=("access",))
SCC = model.Transfer(destination="CN", mechanism="scc", reference="2021/914, Module Three")


class Step(NamedTuple):
    """One version: what it changes in the register, and the summaries of its changes in both languages.

    Attributes:
        vendors: Vendors that come, or take the place of those with their id.
        fields: Fields of the register that change.
        kind: Why it is published.
    """

    vendors: list[model.SubprocessorSource]
    english: list[str]
    german: list[str]
    fields: dict[str, Any] | None = None
    kind: str = "change"


def vendor(id_: str, *uses: model.EngagementSource, **fields: Any) -> model.SubprocessorSource:
    """Return a vendor with these uses, or with hosting in Helsinki."""
    return make_vendor(id_, **{"engagements": uses or (use(),), **fields})


def use(id_: str = "hosting", **fields: Any) -> model.EngagementSource:
    """Return a use in Helsinki."""
    return make_engagement(id_, **{"locations": (HELSINKI,), **fields})


MAILS = use(
    "mail",
    purpose="Sends mail",
    data_categories=("Mail addresses",),
    data_scope=("customer_account",),
    starts_on=dt.date(2026, 3, 30),
)
LOGS = use(
    "logs",
    purpose="Keeps logs",
    starts_on=dt.date(2026, 3, 16),
    short_notice=model.ShortNotice(reason="The old service shuts down"),
)
WIDER = model.PlannedChangeSource(
    id="wider",
    effective_on=dt.date(2026, 6, 1),
    set={
        "locations": [
            {"country": "FI", "place": "Helsinki", "activities": ["store", "process"]},
            {"country": "CN", "place": "Shenzhen", "activities": ["access"]},
        ],
        "transfers": [{"destination": "CN", "mechanism": "scc", "reference": "2021/914, Module Three"}],
        "data_categories": ["All customer data", "Support tickets"],
    },
)
SOLD = model.PlannedChangeSource(
    id="sold", effective_on=dt.date(2026, 6, 1), set={"legal_name": "Acme Cloud Ltd", "seat": "IE"}
)
RUNS = use(starts_on=dt.date(2026, 12, 1))
TALLINN = replace(HELSINKI, country="EE", place="Tallinn")
REWORDED = replace(RUNS, locations=(TALLINN,), purpose="Runs the applications")
NEVER_SIGNED = model.WithdrawnSource(reason="Never signed")

STEPS: list[Step] = [
    Step(
        [vendor("beta", MAILS)],
        [
            (
                "Beta Oy will be added as a sub-processor on 30 March 2026. Purpose: Sends mail. "
                "Processing location: Helsinki, Finland (storage, processing). Scope of data: account"
                " data. Category of personal data: Mail addresses."
            ),
        ],
        [
            (
                "Beta Oy wird zum 30. März 2026 als Unterauftragsverarbeiter hinzugefügt. Zweck: "
                "Sends mail. Verarbeitungsort: Helsinki, Finnland (Speicherung, Verarbeitung). "
                "Datenbereich: Kontodaten. Kategorie personenbezogener Daten: Mail addresses."
            ),
        ],
    ),
    Step(
        [vendor("beta", MAILS, LOGS)],
        [
            (
                "Beta Oy will also be used for “Keeps logs” from 16 March 2026. Short notice: 10 "
                "business days instead of 30. Reason for short notice: The old service shuts down. "
                "Processing location: Helsinki, Finland (storage, processing). "
                "Scope of data: customer content. Category of personal data: All customer data."
            ),
        ],
        [
            (
                "Beta Oy wird ab 16. März 2026 auch für „Keeps logs“ eingesetzt. Verkürzte "
                "Ankündigungsfrist: 10 Arbeitstage statt 30. Grund der verkürzten Ankündigungsfrist: "
                "The old service shuts down. Verarbeitungsort: Helsinki, Finnland "
                "(Speicherung, Verarbeitung). Datenbereich: Kundeninhalte. Kategorie "
                "personenbezogener Daten: All customer data."
            ),
        ],
    ),
    Step(
        [vendor("acme", use(planned=(WIDER,)))],
        [
            ("Acme Oy: processing location added: Shenzhen, China (remote access), effective 1 June 2026."),
            "Acme Oy: category of personal data added: Support tickets, effective 1 June 2026.",
            (
                "Acme Oy: third-country transfer now stated: China (standard contractual clauses, "
                "2021/914, Module Three), effective 1 June 2026."
            ),
        ],
        [
            (
                "Acme Oy: Verarbeitungsort hinzugefügt: Shenzhen, China (Fernzugriff), wirksam ab 1. "
                "Juni 2026."
            ),
            (
                "Acme Oy: Kategorie personenbezogener Daten hinzugefügt: Support tickets, wirksam ab "
                "1. Juni 2026."
            ),
            (
                "Acme Oy: Drittlandübermittlung jetzt angegeben: China (Standardvertragsklauseln, "
                "2021/914, Module Three), wirksam ab 1. Juni 2026."
            ),
        ],
    ),
    Step(
        [vendor("acme", use(planned=(WIDER,)), planned=(SOLD,))],
        [
            (
                "Acme Oy: legal name changed from Acme Oy to Acme Cloud Ltd; country of establishment"
                " changed from Finland to Ireland, effective 1 June 2026. Short notice: 25 business "
                "days instead of 30."
            ),
        ],
        [
            (
                "Acme Oy: Firmenname geändert: bisher Acme Oy, jetzt Acme Cloud Ltd; Sitzland "
                "geändert: bisher Finnland, jetzt Irland, wirksam ab 1. Juni 2026. Verkürzte "
                "Ankündigungsfrist: 25 Arbeitstage statt 30."
            ),
        ],
    ),
    Step(
        [vendor("gamma", use(starts_on=dt.date(2026, 9, 1)))],
        [
            (
                "Gamma Oy will be activated on 1 September 2026. Status changed from available to "
                "active. Purpose: Runs the application. Processing location: Helsinki, Finland "
                "(storage, processing). Scope of data: customer content. Category of personal data: "
                "All customer data."
            ),
        ],
        [
            (
                "Gamma Oy wird zum 1. September 2026 aktiviert. Status geändert: bisher verfügbar, "
                "jetzt aktiv. Zweck: Runs the application. Verarbeitungsort: Helsinki, Finnland "
                "(Speicherung, Verarbeitung). Datenbereich: Kundeninhalte. Kategorie "
                "personenbezogener Daten: All customer data."
            ),
        ],
    ),
    Step(
        [
            vendor("gamma", use(starts_on=dt.date(2026, 9, 1), ends_on=dt.date(2026, 12, 1))),
            vendor("delta", RUNS, replaces=("gamma",)),
        ],
        [
            (
                "Delta Oy will replace Gamma Oy on 1 December 2026. Purpose: Runs the application. "
                "Processing location: Helsinki, Finland (storage, processing). Scope of data: "
                "customer content. Category of personal data: All customer data."
            ),
            (
                "Gamma Oy will no longer be used from 1 December 2026. Purpose: Runs the application."
                " Replaced by Delta Oy."
            ),
        ],
        [
            (
                "Delta Oy ersetzt Gamma Oy zum 1. Dezember 2026. Zweck: Runs the application. "
                "Verarbeitungsort: Helsinki, Finnland (Speicherung, Verarbeitung). Datenbereich: "
                "Kundeninhalte. Kategorie personenbezogener Daten: All customer data."
            ),
            (
                "Gamma Oy wird ab 1. Dezember 2026 nicht mehr eingesetzt. Zweck: Runs the "
                "application. Ersetzt durch Delta Oy."
            ),
        ],
    ),
    Step(
        [],
        [
            (
                "Notice policy: notice period changed from 30 business days to 14 business days; changes "
                "covered removed: replacement of a sub-processor, activation of an available sub-"
                "processor, processing in a further country and processing of further personal data. What"
                " is announced until 30 August 2026 is still bound by the earlier promise: 30 business "
                "days' notice of new sub-processors, replacement of a sub-processor, activation of an "
                "available sub-processor, processing in a further country and processing of further "
                "personal data; objection within 10 business days."
            ),
        ],
        [
            (
                "Ankündigungsregelung: Ankündigungsfrist geändert: bisher 30 Arbeitstage, jetzt 14 "
                "Arbeitstage; erfasste Änderungen entfernt: Austausch eines Unterauftragsverarbeiters, "
                "Aktivierung eines verfügbaren Unterauftragsverarbeiters, Verarbeitung in einem weiteren "
                "Land und Verarbeitung weiterer personenbezogener Daten. Was bis zum 30. August 2026 "
                "angekündigt wird, ist noch an die frühere Zusage gebunden, Ankündigung 30 Arbeitstage im"
                " Voraus: neue Unterauftragsverarbeiter, Austausch eines Unterauftragsverarbeiters, "
                "Aktivierung eines verfügbaren Unterauftragsverarbeiters, Verarbeitung in einem weiteren "
                "Land und Verarbeitung weiterer personenbezogener Daten; Widerspruchsfrist: 10 "
                "Arbeitstage."
            ),
        ],
        {"notice": replace(NOTICE, days=14, applies_to=("addition",))},
    ),
    Step(
        [],
        [
            (
                "Notice policy: notice period changed from 14 business days to 21 days; counting of days "
                "changed from business days to calendar days. What is announced until 3 September 2026 is"
                " still bound by the earlier promise: 14 business days' notice of new sub-processors; "
                "objection within 10 business days. What is announced until 30 August 2026 is still bound"
                " by the earlier promise: 30 business days' notice of new sub-processors, replacement of "
                "a sub-processor, activation of an available sub-processor, processing in a further "
                "country and processing of further personal data; objection within 10 business days."
            ),
        ],
        [
            (
                "Ankündigungsregelung: Ankündigungsfrist geändert: bisher 14 Arbeitstage, jetzt 21 Tage; "
                "Zählweise der Tage geändert: bisher Arbeitstage, jetzt Kalendertage. Was bis zum 3. "
                "September 2026 angekündigt wird, ist noch an die frühere Zusage gebunden, Ankündigung 14"
                " Arbeitstage im Voraus: neue Unterauftragsverarbeiter; Widerspruchsfrist: 10 "
                "Arbeitstage. Was bis zum 30. August 2026 angekündigt wird, ist noch an die frühere "
                "Zusage gebunden, Ankündigung 30 Arbeitstage im Voraus: neue Unterauftragsverarbeiter, "
                "Austausch eines Unterauftragsverarbeiters, Aktivierung eines verfügbaren "
                "Unterauftragsverarbeiters, Verarbeitung in einem weiteren Land und Verarbeitung weiterer"
                " personenbezogener Daten; Widerspruchsfrist: 10 Arbeitstage."
            ),
        ],
        {"notice": replace(NOTICE, days=21, day_count="calendar", applies_to=("addition",))},
    ),
    Step(
        [vendor("delta", replace(RUNS, locations=(TALLINN,)), replaces=("gamma",))],
        [
            (
                "Delta Oy (correction): processing location changed from Helsinki, Finland (storage, "
                "processing) to Tallinn, Estonia (storage, processing)."
            ),
        ],
        [
            (
                "Delta Oy (Berichtigung): Verarbeitungsort geändert: bisher Helsinki, Finnland "
                "(Speicherung, Verarbeitung), jetzt Tallinn, Estland (Speicherung, Verarbeitung)."
            ),
        ],
        None,
        "correction",
    ),
    Step(
        [
            vendor("delta", REWORDED, replaces=("gamma",)),
        ],
        [
            (
                "Delta Oy (editorial change): purpose changed from “Runs the application” to “Runs "
                "the applications”."
            ),
        ],
        [
            (
                "Delta Oy (redaktionelle Änderung): Zweck geändert: bisher „Runs the application“, "
                "jetzt „Runs the applications“."
            ),
        ],
        None,
        "editorial",
    ),
    Step(
        [vendor("beta", replace(MAILS, ends_on=dt.date(2026, 9, 1)), LOGS)],
        [
            "Beta Oy (Sends mail) has not been used since 1 September 2026. Reported 69 days late.",
        ],
        [
            (
                "Beta Oy (Sends mail) ist seit 1. September 2026 nicht mehr im Einsatz. Verspätet "
                "mitgeteilt: 69 Tage danach."
            ),
        ],
    ),
    Step(
        [
            vendor(
                "delta", REWORDED, replaces=("gamma",), withdrawn=model.WithdrawnSource(reason="Never signed")
            )
        ],
        [
            "Delta Oy removed (listed in error). Reason for removal: Never signed.",
        ],
        [
            "Delta Oy entfernt (irrtümlich gelistet). Grund der Entfernung: Never signed.",
        ],
    ),
]


def history() -> list[model.Register]:
    """Return all versions: the first with a vendor in use and one available, then a version a month."""
    at = dt.datetime(2026, 1, 5, 8, 0, tzinfo=dt.UTC)
    listed = {item.id: item for item in (vendor("acme"), vendor("gamma", use(status="available")))}
    fields: dict[str, Any] = {"notice": NOTICE}
    versions: list[model.Register] = []
    for step in (Step([], [], [], None, "initial"), *STEPS):
        listed |= {item.id: item for item in step.vendors}
        fields |= step.fields or {}
        previous = versions[-1] if versions else None
        reason = model.Reason(kind=step.kind)
        context = make_context(previous, now=at, reason=reason, promises=promises(versions))
        draft = make_draft(*listed.values(), updated_on=None, **fields)
        versions.append(make_version(draft, context))
        at += dt.timedelta(days=28)
    return versions


def promises(versions: list[model.Register]) -> Promises:
    """Return what had been promised by the newest of some versions."""
    found = Promises(zone=dt.UTC, first_live=None, policies=())
    for version in versions:
        found = found.with_version(version.version, version.published_at.date(), version.notice, live=True)
    return found


VERSIONS = history()


@pytest.mark.parametrize("number", range(1, len(VERSIONS)))
@pytest.mark.parametrize("tag", ["en", "de"])
def test_a_year_in_sentences(number: int, tag: str) -> None:
    """Published summaries are recomputed exactly, also in the other language; titles are their beginnings."""
    older, newer = VERSIONS[number - 1 : number + 1]
    step, language = STEPS[number - 1], Language.of(tag)
    spoken = replace(newer, publisher=replace(newer.publisher, language=tag))
    changes = changes_between(
        replace(older, publisher=spoken.publisher), spoken, promises(VERSIONS[: number + 1])
    )
    assert [change.summary for change in changes] == (step.english if tag == "en" else step.german)
    assert {change.summary_language for change in changes} == {tag}
    sentences = Sentences(language, newer, newer.published_at.date(), older)
    for change in changes:
        assert sentences.summary(change) == change.summary
        assert change.summary.startswith(sentences.title(change)[:40])


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (
            "en",
            (
                "Beta Oy will also be used for “Keeps logs” from 16 March 2026 "
                "(Short notice: 10 business days instead of 30)"
            ),
        ),
        (
            "de",
            (
                "Beta Oy wird ab 16. März 2026 auch für „Keeps logs“ eingesetzt "
                "(Verkürzte Ankündigungsfrist: 10 Arbeitstage statt 30)"
            ),
        ),
    ],
)
def test_the_title_of_a_start_on_short_notice(tag: str, expected: str) -> None:
    """Says so, with business days."""
    (change,) = changes_between(VERSIONS[1], VERSIONS[2], promises(VERSIONS[:3]))
    assert Sentences(Language.of(tag), VERSIONS[2], VERSIONS[2].published_at.date()).title(change) == expected
