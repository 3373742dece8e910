"""A year of one company, as a story: what its customers are told, and who is in use before and after.

Each step is an edit of the source on a fixed day and the version that comes of it. What is refused on
the way is part of the story. The sentences are those of diff, feed, page and preview alike.
"""

from __future__ import annotations

import copy
import datetime as dt
import html
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import lxml.html
import pytest
from click.testing import CliRunner

from memory_folder import memory_folder
from publishers import Publisher
from register_api import clock as system_clock
from register_api.cli.main import cli
from register_api.core.canonical import decode
from register_api.core.changes import Diff
from register_api.core.format import tree
from register_api.core.instant import local_day
from register_api.core.model import Register
from register_api.core.timeline import engagement_states
from register_api.errors import Refused
from toml_source import write_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

Table = dict[str, Any]

CONTACT = "mailto:privacy@schreiber.example"
ONE_DAY = dt.timedelta(days=1)
ZONE = ZoneInfo("Europe/Berlin")


def on(month: int, day: int) -> dt.date:
    """Return a day of the year that is told."""
    return dt.date(2026, month, day)


def place(country: str, *activities: str) -> Table:
    """Return a location."""
    return {"country": country, "activities": list(activities or ("store", "process"))}


def use(id_: str, category: str, purpose: str, country: str = "DE", **more: Any) -> Table:
    """Return an engagement that processes what customers write."""
    return {
        "id": id_,
        "category": category,
        "status": "active",
        "purpose": purpose,
        "data_scope": ["customer_content"],
        "data_categories": ["Texts of customers"],
        "locations": [place(country)],
        **more,
    }


def vendor(name: str, seat: str, *uses: Table, **more: Any) -> Table:
    """Return a vendor."""
    return {"name": name, "legal_name": f"{name} {FORM[seat]}", "seat": seat, **more, "engagements": [*uses]}


FORM = {"FI": "Oy", "IE": "Ltd", "DE": "GmbH", "US": "Inc.", "SE": "AB"}


SEVERS = use("hosting", "hosting", "Severs for the application", "FI")


class Company:
    """Schreiber GmbH: its source as tables."""

    def __init__(self) -> None:
        """Begin with a host and a mailer that have been in use for years, and an AI that is not used."""
        self.register: Table = {
            "register": "schreiber.example/sub-processors",
            "url": "https://trust.schreiber.example/",
            "publisher": {"name": "Schreiber GmbH", "time_zone": "Europe/Berlin", "language": "en"},
            "notice": {
                "days": 30,
                "applies_to": ["addition", "replacement", "activation", "relocation", "data_changed"],
                "objection": {"days": 14, "contact": CONTACT},
            },
            "statuses": [{"id": id_, "title": id_.title()} for id_ in ("active", "conditional", "available")],
            "categories": [{"id": id_, "title": id_.title()} for id_ in ("hosting", "mail", "ai", "support")],
        }
        self.vendors: dict[str, Table] = {
            "nordcloud": vendor("Nordcloud", "FI", SEVERS),
            "mailer": vendor("Mailer", "IE", use("mail", "mail", "Sends mail to users", "IE")),
            "scribe": vendor(
                "Scribe AI", "DE", use("texts", "ai", "Turns speech into text", status="available")
            ),
        }

    def use(self, vendor: str, id_: str) -> Table:
        """Return one engagement."""
        return next(item for item in self.vendors[vendor]["engagements"] if item["id"] == id_)


class Step(NamedTuple):
    """One version.

    Attributes:
        day: Local day of publication.
        edit: What is edited.
        told: The summary of each change.
        in_use: Who is in use the day before a change takes effect, and on that day, as this version says.
        kind: Kind of the reason, where it is said.
        corrects: The version that is put right.
    """

    day: dt.date
    edit: Callable[[Company], None]
    told: list[str]
    in_use: Mapping[dt.date, str] = MappingProxyType({})
    kind: str | None = None
    corrects: int | None = None


def _nothing(_company: Company) -> None:
    pass


def _add_helpdesk(company: Company) -> None:
    company.vendors["helpdesk"] = vendor(
        "Helpdesk", "US", use("tickets", "support", "Answers questions of users", "US", starts_on=on(2, 16))
    )


def _customers_object(company: Company) -> None:
    company.use("helpdesk", "tickets")["cancelled"] = {"reason": "Customers objected"}


def _replace_the_mailer(company: Company) -> None:
    company.use("mailer", "mail")["ends_on"] = on(3, 9)
    company.vendors["postbote"] = vendor(
        "Postbote", "DE", use("mail", "mail", "Sends mail to users", starts_on=on(3, 9)), replaces=["mailer"]
    )


def _mend_a_word(company: Company) -> None:
    company.use("nordcloud", "hosting")["purpose"] = "Servers for the application"


def _put_the_country_right(company: Company) -> None:
    company.use("scribe", "texts")["locations"] = [place("SE")]


def _move_in_part(company: Company) -> None:
    company.use("nordcloud", "hosting")["planned"] = [
        {"id": "frankfurt", "effective_on": on(4, 6), "set": {"locations": [place("FI"), place("DE")]}}
    ]


def _host_is_sold(company: Company) -> None:
    company.vendors["nordcloud"]["planned"] = [
        {
            "id": "sold",
            "effective_on": on(4, 20),
            "set": {"legal_name": "Great Cloud SE", "seat": "DE"},
        }
    ]


def _use_twice(company: Company) -> None:
    company.vendors["nordcloud"]["engagements"].append(
        use("backups", "hosting", "Keeps backups", "SE", starts_on=on(5, 4))
    )


def _activate(company: Company) -> None:
    company.use("scribe", "texts")["planned"] = [
        {"id": "go", "effective_on": on(5, 18), "set": {"status": "active"}}
    ]


def _fold(company: Company) -> None:
    hosting = company.use("nordcloud", "hosting")
    hosting["locations"] = hosting.pop("planned")[0]["set"]["locations"]
    company.vendors["nordcloud"] |= company.vendors["nordcloud"].pop("planned")[0]["set"]


def _promise_less(company: Company) -> None:
    company.register["notice"] |= {"days": 14, "objection": {"days": 7, "contact": CONTACT}}


def _add_chat(company: Company) -> None:
    company.vendors["chat"] = vendor(
        "Chat", "SE", use("chat", "support", "Talks with users", "SE", starts_on=on(6, 15))
    )


def _emergency(company: Company) -> None:
    company.use("postbote", "mail")["ends_on"] = on(6, 23)
    company.vendors["brief"] = vendor(
        "Brief",
        "DE",
        use(
            "mail",
            "mail",
            "Sends mail to users",
            starts_on=on(6, 23),
            short_notice={"reason": "Postbote stops its service on 22 June"},
        ),
        replaces=["postbote"],
    )


def _end_late(company: Company) -> None:
    company.use("chat", "chat")["ends_on"] = on(7, 1)


def _promise_narrower(company: Company) -> None:
    company.register["notice"]["applies_to"] = ["addition", "replacement", "activation"]


def _move_without_promise(company: Company) -> None:
    company.use("brief", "mail")["locations"] = [place("US")]


def _merge(company: Company) -> None:
    company.use("brief", "mail")["ends_on"] = on(9, 1)
    company.vendors["united"] = vendor(
        "United Post",
        "DE",
        use("mail", "mail", "Sends mail to users", starts_on=on(9, 1)),
        merged_from=["brief"],
    )


def _return(company: Company) -> None:
    company.vendors["mailer"]["engagements"].append(
        use("mail-2", "mail", "Sends mail to users", "IE", starts_on=on(9, 28))
    )


def _put_off(company: Company) -> None:
    company.use("mailer", "mail-2")["starts_on"] = on(10, 12)


def _plan_more_data(company: Company) -> None:
    company.use("nordcloud", "backups")["planned"] = [
        {
            "id": "health",
            "effective_on": on(11, 2),
            "set": {"data_categories": ["Texts of customers", "Health data"]},
        }
    ]


def _cancel_the_plan(company: Company) -> None:
    company.use("nordcloud", "backups")["planned"][0]["cancelled"] = {"reason": "The feature was dropped"}


def _list_by_mistake(company: Company) -> None:
    company.vendors["ghost"] = vendor(
        "Ghost", "DE", use("proofs", "ai", "Reads proofs", starts_on=on(11, 16))
    )


def _withdraw(company: Company) -> None:
    company.vendors["ghost"]["withdrawn"] = {"reason": "The contract was never signed"}


def _promise_more(company: Company) -> None:
    company.register["notice"] |= {"days": 20, "day_count": "business", "holidays": [on(12, 25)]}


STEPS: tuple[Step, ...] = (
    Step(
        on(1, 5),
        _nothing,
        [
            (
                "Initial list: Mailer. Legal name: Mailer Ltd. Purpose: Sends mail to users. Processing "
                "location: Ireland (storage, processing). Scope of data: customer content. Category of "
                "personal data: Texts of customers."
            ),
            (
                "Initial list: Nordcloud. Legal name: Nordcloud Oy. Purpose: Severs for the application. "
                "Processing location: Finland (storage, processing). Scope of data: customer content. "
                "Category of personal data: Texts of customers."
            ),
            (
                "Scribe AI listed as available, not in use. Legal name: Scribe AI GmbH. Purpose: Turns speech"
                " into text. Processing location: Germany (storage, processing). Scope of data: customer "
                "content. Category of personal data: Texts of customers."
            ),
        ],
    ),
    Step(
        on(1, 12),
        _add_helpdesk,
        [
            (
                "Helpdesk will be added as a sub-processor on 16 February 2026. Legal name: Helpdesk Inc. "
                "Purpose: Answers questions of users. Processing location: United States (storage, "
                "processing). Scope of data: customer content. Category of personal data: Texts of customers."
                " Transfer mechanism: not stated."
            ),
        ],
        {
            on(2, 15): "mailer/mail nordcloud/hosting",
            on(2, 16): "helpdesk/tickets mailer/mail nordcloud/hosting",
        },
    ),
    Step(
        on(1, 26),
        _customers_object,
        [
            (
                "Helpdesk will not be used; it was announced for 16 February 2026 and is cancelled. Reason "
                "for cancellation: Customers objected."
            ),
        ],
    ),
    Step(
        on(2, 2),
        _replace_the_mailer,
        [
            (
                "Postbote will replace Mailer on 9 March 2026. Legal name: Postbote GmbH. Purpose: Sends mail"
                " to users. Processing location: Germany (storage, processing). Scope of data: customer "
                "content. Category of personal data: Texts of customers."
            ),
            (
                "Mailer will no longer be used from 9 March 2026. Purpose: Sends mail to users. Replaced by "
                "Postbote."
            ),
        ],
        {
            on(3, 8): "mailer/mail nordcloud/hosting",
            on(3, 9): "nordcloud/hosting postbote/mail",
        },
    ),
    Step(
        on(2, 10),
        _mend_a_word,
        [
            (
                "Nordcloud (editorial change): purpose changed from “Severs for the application” to “Servers "
                "for the application”."
            ),
        ],
        {},
        kind="editorial",
    ),
    Step(
        on(2, 12),
        _put_the_country_right,
        [
            (
                "Scribe AI (correction): processing location changed from Germany (storage, processing) to "
                "Sweden (storage, processing)."
            ),
        ],
        {},
        kind="correction",
        corrects=1,
    ),
    Step(
        on(3, 2),
        _move_in_part,
        [
            "Nordcloud: processing location added: Germany (storage, processing), effective 6 April 2026.",
        ],
        {
            on(4, 5): "nordcloud/hosting postbote/mail",
            on(4, 6): "nordcloud/hosting postbote/mail",
        },
    ),
    Step(
        on(3, 16),
        _host_is_sold,
        [
            (
                "Nordcloud: legal name changed from Nordcloud Oy to Great Cloud SE; country of establishment "
                "changed from Finland to Germany, effective 20 April 2026."
            ),
        ],
        {
            on(4, 19): "nordcloud/hosting postbote/mail",
            on(4, 20): "nordcloud/hosting postbote/mail",
        },
    ),
    Step(
        on(4, 1),
        _use_twice,
        [
            (
                "Nordcloud will also be used for “Keeps backups” from 4 May 2026. Processing location: Sweden"
                " (storage, processing). Scope of data: customer content. Category of personal data: Texts of"
                " customers."
            ),
        ],
        {
            on(5, 3): "nordcloud/hosting postbote/mail",
            on(5, 4): "nordcloud/hosting nordcloud/backups postbote/mail",
        },
    ),
    Step(
        on(4, 10),
        _activate,
        [
            (
                "Scribe AI will be activated on 18 May 2026. Status changed from available to active. "
                "Purpose: Turns speech into text. Processing location: Sweden (storage, processing). Scope of"
                " data: customer content. Category of personal data: Texts of customers."
            ),
        ],
        {
            on(5, 17): "nordcloud/hosting nordcloud/backups postbote/mail",
            on(5, 18): "nordcloud/hosting nordcloud/backups postbote/mail scribe/texts",
        },
    ),
    Step(
        on(5, 4),
        _fold,
        [],
    ),
    Step(
        on(5, 11),
        _promise_less,
        [
            (
                "Notice policy: notice period changed from 30 days to 14 days; objection period changed from "
                "14 days (mailto:privacy@schreiber.example) to 7 days (mailto:privacy@schreiber.example). "
                "What is announced until 9 June 2026 is still bound by the earlier promise: 30 days' notice "
                "of new sub-processors, replacement of a sub-processor, activation of an available sub-"
                "processor, processing in a further country and processing of further personal data; "
                "objection within 14 days."
            ),
        ],
    ),
    Step(
        on(5, 15),
        _add_chat,
        [
            (
                "Chat will be added as a sub-processor on 15 June 2026. Legal name: Chat AB. Purpose: Talks "
                "with users. Processing location: Sweden (storage, processing). Scope of data: customer "
                "content. Category of personal data: Texts of customers."
            ),
        ],
        {
            on(6, 14): "nordcloud/hosting nordcloud/backups postbote/mail scribe/texts",
            on(6, 15): "chat/chat nordcloud/hosting nordcloud/backups postbote/mail scribe/texts",
        },
    ),
    Step(
        on(6, 22),
        _emergency,
        [
            (
                "Brief will replace Postbote on 23 June 2026. Short notice: 1 day instead of 14. Reason for "
                "short notice: Postbote stops its service on 22 June. Legal name: Brief GmbH. Purpose: Sends "
                "mail to users. Processing location: Germany (storage, processing). Scope of data: customer "
                "content. Category of personal data: Texts of customers."
            ),
            (
                "Postbote will no longer be used from 23 June 2026. Purpose: Sends mail to users. Replaced by"
                " Brief."
            ),
        ],
        {
            on(6, 22): "chat/chat nordcloud/hosting nordcloud/backups postbote/mail scribe/texts",
            on(6, 23): "brief/mail chat/chat nordcloud/hosting nordcloud/backups scribe/texts",
        },
    ),
    Step(
        on(7, 3),
        _end_late,
        [
            "Chat has not been used since 1 July 2026. Reported 2 days late. Purpose: Talks with users.",
        ],
        {
            on(6, 30): "brief/mail chat/chat nordcloud/hosting nordcloud/backups scribe/texts",
            on(7, 1): "brief/mail nordcloud/hosting nordcloud/backups scribe/texts",
        },
    ),
    Step(
        on(7, 6),
        _promise_narrower,
        [
            (
                "Notice policy: changes covered removed: processing in a further country and processing of "
                "further personal data. What is announced until 19 July 2026 is still bound by the earlier "
                "promise: 14 days' notice of new sub-processors, replacement of a sub-processor, activation "
                "of an available sub-processor, processing in a further country and processing of further "
                "personal data; objection within 7 days."
            ),
        ],
    ),
    Step(
        on(8, 3),
        _move_without_promise,
        [
            (
                "Brief: processing location added: United States (storage, processing); processing location "
                "removed: Germany (storage, processing). Transfer mechanism: not stated."
            ),
        ],
    ),
    Step(
        on(8, 10),
        _merge,
        [
            (
                "Merger: United Post will take over from Brief on 1 September 2026. Legal name: United Post "
                "GmbH. Purpose: Sends mail to users. Processing location: Germany (storage, processing). "
                "Scope of data: customer content. Category of personal data: Texts of customers."
            ),
            (
                "Brief will no longer be used from 1 September 2026. Purpose: Sends mail to users. Merged "
                "into United Post."
            ),
        ],
        {
            on(8, 31): "brief/mail nordcloud/hosting nordcloud/backups scribe/texts",
            on(9, 1): "nordcloud/hosting nordcloud/backups scribe/texts united/mail",
        },
    ),
    Step(
        on(9, 7),
        _return,
        [
            (
                "Mailer will be used again from 28 September 2026. Purpose: Sends mail to users. Processing "
                "location: Ireland (storage, processing). Scope of data: customer content. Category of "
                "personal data: Texts of customers."
            ),
        ],
        {
            on(9, 27): "nordcloud/hosting nordcloud/backups scribe/texts united/mail",
            on(9, 28): "mailer/mail-2 nordcloud/hosting nordcloud/backups scribe/texts united/mail",
        },
    ),
    Step(
        on(9, 10),
        _put_off,
        [
            "Mailer (Sends mail to users): start date changed from 28 September 2026 to 12 October 2026.",
        ],
    ),
    Step(
        on(9, 21),
        _plan_more_data,
        [
            (
                "Nordcloud (Keeps backups): category of personal data added: Health data, effective 2 "
                "November 2026."
            ),
        ],
        {
            on(11, 1): "mailer/mail-2 nordcloud/hosting nordcloud/backups scribe/texts united/mail",
            on(11, 2): "mailer/mail-2 nordcloud/hosting nordcloud/backups scribe/texts united/mail",
        },
    ),
    Step(
        on(10, 5),
        _cancel_the_plan,
        [
            (
                "Nordcloud (Keeps backups), planned change of categories of personal data: announced for 2 "
                "November 2026, will not take place. Reason for cancellation: The feature was dropped."
            ),
        ],
        {
            on(11, 1): "mailer/mail-2 nordcloud/hosting nordcloud/backups scribe/texts united/mail",
            on(11, 2): "mailer/mail-2 nordcloud/hosting nordcloud/backups scribe/texts united/mail",
        },
    ),
    Step(
        on(10, 19),
        _list_by_mistake,
        [
            (
                "Ghost will be added as a sub-processor on 16 November 2026. Legal name: Ghost GmbH. Purpose:"
                " Reads proofs. Processing location: Germany (storage, processing). Scope of data: customer "
                "content. Category of personal data: Texts of customers."
            ),
        ],
        {
            on(11, 15): "mailer/mail-2 nordcloud/hosting nordcloud/backups scribe/texts united/mail",
            on(
                11, 16
            ): "ghost/proofs mailer/mail-2 nordcloud/hosting nordcloud/backups scribe/texts united/mail",
        },
    ),
    Step(
        on(10, 26),
        _withdraw,
        [
            "Ghost removed (listed in error). Reason for removal: The contract was never signed.",
        ],
    ),
    Step(
        on(11, 23),
        _promise_more,
        [
            (
                "Notice policy: holiday added: 25 December 2026; notice period changed from 14 days to 20 "
                "business days; counting of days changed from calendar days to business days."
            ),
        ],
    ),
)


class Refusal(NamedTuple):
    """What the publisher tries before a version, and what the rules say to it.

    Attributes:
        before: Number of the version that is published instead.
        rule: The rule that refuses it.
        says: Part of the message or of its hint.
    """

    before: int
    edit: Callable[[Company], None]
    rule: str
    says: str


def _helpdesk_too_early(company: Company) -> None:
    _add_helpdesk(company)
    company.use("helpdesk", "tickets")["starts_on"] = on(2, 10)


def _move_at_once(company: Company) -> None:
    company.use("nordcloud", "hosting")["locations"] = [place("FI"), place("DE")]


def _sold_at_once(company: Company) -> None:
    company.vendors["nordcloud"] |= {"legal_name": "Great Cloud SE", "seat": "DE"}


def _host_begins_later(company: Company) -> None:
    company.use("nordcloud", "hosting")["starts_on"] = on(4, 20)


def _chat_by_the_new_promise(company: Company) -> None:
    _add_chat(company)
    company.use("chat", "chat")["starts_on"] = on(6, 1)


def _emergency_without_reason(company: Company) -> None:
    _emergency(company)
    del company.use("brief", "mail")["short_notice"]


def _cancel_what_runs(company: Company) -> None:
    company.use("brief", "mail")["cancelled"] = {"reason": "Not needed"}


def _mailer_was_never_gone(company: Company) -> None:
    del company.use("mailer", "mail")["ends_on"]


def _mailer_vanishes(company: Company) -> None:
    del company.vendors["mailer"]


REFUSALS = (
    Refusal(2, _helpdesk_too_early, "R10", "2026-02-11"),
    Refusal(7, _move_at_once, "R10", "effective_on = 2026-04-01"),
    Refusal(8, _sold_at_once, "R10", "effective_on = 2026-04-15"),
    Refusal(8, _host_begins_later, "R09", "starts_on"),
    Refusal(13, _chat_by_the_new_promise, "R13", "2026-06-14"),
    Refusal(14, _emergency_without_reason, "R10", "2026-07-06"),
    Refusal(17, _cancel_what_runs, "R09", "cancelled"),
    Refusal(19, _mailer_was_never_gone, "R09", "ends_on"),
    Refusal(19, _mailer_vanishes, "R03", "mailer"),
)


class Told(NamedTuple):
    """A version as customers have it, and what the publisher was shown before."""

    register: Register
    diff: Diff
    preview: str
    page: str
    feed: str


class Year(Publisher):
    """The company's publisher, who lives through the year."""

    def __init__(self, folder: Path) -> None:
        """Publish every version; try first what is refused."""
        (folder / "register" / "subprocessors").mkdir(parents=True)
        super().__init__(folder)
        self.company = Company()
        self.told: list[Told] = []
        self.refused: list[tuple[Refusal, list[str]]] = []
        for number, step in enumerate(STEPS, start=1):
            now = dt.datetime.combine(step.day, dt.time(9), dt.UTC)
            self.refused += [(item, self._errors(item, now)) for item in REFUSALS if item.before == number]
            step.edit(self.company)
            write_source(self.source, self.company.register, self.company.vendors)
            preview = self._preview(step, now)
            self.publish(now, text="As told", kind=step.kind, corrects=step.corrects)
            self.told.append(self._read(number, preview))

    def _errors(self, refusal: Refusal, now: dt.datetime) -> list[str]:
        """Try an edit, and return what is said of its errors."""
        tried = copy.deepcopy(self.company)
        refusal.edit(tried)
        write_source(self.source, tried.register, tried.vendors)
        with pytest.raises(Refused) as caught:
            self.publish(now, text="As told")
        errors = [item for item in caught.value.findings if item.severity == "error"]
        return [f"{item.rule} {item.key}: {item.message}; {item.hint}" for item in errors]

    def _preview(self, step: Step, now: dt.datetime) -> str:
        given = [("--kind", step.kind), ("--corrects", step.corrects)]
        options = [str(word) for name, value in given if value for word in (name, value)]
        places = ["--source", str(self.source), "--store", str(self.store), "--reason", "As told"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(system_clock, "now", lambda: now)
            result = CliRunner().invoke(cli, ["preview", *places, *options], env={"COLUMNS": "4000"})
        assert result.exit_code == 0, result.output
        return result.stdout

    def _read(self, number: int, preview: str) -> Told:
        public = self.store / "public"
        register = decode((public / tree.VERSION_REGISTER.path(number)).read_bytes(), Register)
        diff = decode((public / tree.VERSION_DIFF.path(number)).read_bytes(), Diff)
        page = (public / tree.VERSION_PAGE.path(number)).read_text("utf-8")
        feed = (public / tree.FEED_JSON.path()).read_text("utf-8")
        newest = json.loads(feed)["items"][0]["content_html"]
        return Told(register, diff, preview, html.unescape(page), text_of(newest))


def text_of(markup: str) -> str:
    """Return what a person reads of the feed's list of facts, on one line."""
    return " ".join(str(lxml.html.fromstring(f"<div>{markup}</div>").text_content()).split())


@pytest.fixture(scope="module")
def year() -> Iterator[Year]:
    """The year, lived once."""
    with memory_folder() as folder:
        yield Year(folder)


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_customers_are_told(year: Year, number: int) -> None:
    """Diff, feed, page and preview say the same sentences, and no other."""
    told, step = year.told[number - 1], STEPS[number - 1]
    assert [change.summary for change in told.diff.changes] == step.told
    for shown in (told.feed, told.page, told.preview):
        assert [sentence for sentence in step.told if sentence not in shown] == []


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_who_is_in_use(year: Year, number: int) -> None:
    """On the day before a change takes effect, and on that day."""
    register = year.told[number - 1].register
    assert {day: in_use(register, day) for day in STEPS[number - 1].in_use} == STEPS[number - 1].in_use


def in_use(register: Register, day: dt.date) -> str:
    """Return who is in use on a day, as ids of vendor and engagement."""
    rows = engagement_states(register, day)
    return " ".join(f"{row.vendor.id}/{row.engagement.id}" for row in rows if row.state == "in_force")


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.edit.__name__.strip("_"))
def test_what_is_tried_before_is_refused(year: Year, refusal: Refusal) -> None:
    """The finding says what to write instead."""
    (errors,) = [errors for tried, errors in year.refused if tried is refusal]
    assert [error for error in errors if error.startswith(refusal.rule) and refusal.says in error], errors


def test_what_ran_all_year_is_in_use_on_every_day(year: Year) -> None:
    """Whatever was announced for it: new places, a new owner, a second use."""
    for told in year.told:
        start = local_day(told.register.published_at, ZONE)
        for days in range(0, 330, 5):
            assert "nordcloud/hosting" in in_use(told.register, start + days * ONE_DAY)


def test_deadlines_are_those_of_arithmetic(year: Year) -> None:
    """14 days after the announcement, later 7; none for a first list, and none where nothing was promised."""
    deadlines = {
        number: {change.notice.objection_until for change in told.diff.changes} - {None}
        for number, told in enumerate(year.told, start=1)
    }
    assert {number: days for number, days in deadlines.items() if days} == {
        2: {on(1, 26)},
        4: {on(2, 16)},
        7: {on(3, 16)},
        8: {on(3, 30)},
        9: {on(4, 15)},
        10: {on(4, 24)},
        13: {on(5, 29)},
        14: {on(6, 29)},
        18: {on(8, 17)},
        19: {on(9, 14)},
        23: {on(10, 26)},
    }


def test_what_is_put_off_keeps_its_announcement(year: Year) -> None:
    """7 September to 28 September, then to 12 October: the days fit the day that is named."""
    for number, days in ((19, 21), (20, 35)):
        mailer = next(item for item in year.told[number - 1].register.subprocessors if item.id == "mailer")
        announced = mailer.engagements[1].announced
        assert (announced.version, announced.days, announced.met) == (19, days, True)
        assert announced.objection_until == on(9, 14)


def test_folding_is_no_change(year: Year) -> None:
    """The version that folds says the same of every day as the one before."""
    before, folded = year.told[9].register, year.told[10].register
    assert [vendor.planned for vendor in folded.subprocessors] == [()] * len(folded.subprocessors)
    for days in range(400):
        day = on(5, 4) + days * ONE_DAY
        states = [
            [(row.vendor.legal_name, row.vendor.seat, row.engagement.locations, row.state) for row in rows]
            for rows in (engagement_states(before, day), engagement_states(folded, day))
        ]
        assert states[0] == states[1]


def test_the_year_verifies(year: Year) -> None:
    """All versions, as a customer checks them; freshness alone is of another time."""
    year.refresh(dt.datetime.now(dt.UTC).replace(microsecond=0))
    assert year.verify().exit_code == 0


def test_pages_count_notice_as_verify_does(year: Year) -> None:
    """Every announcement of the year that a promise covered, and those that were late or short."""
    given = year.verify().notices
    short = [item for item in given if item.outcome != "kept"]
    page = " ".join((year.store / "public" / tree.CHANGES_PAGE.path()).read_text().split())
    assert len(short) == 1
    counted = f"Notice kept in {len(given) - 1} of {len(given)} announcements that the notice promise covers."
    assert f"{counted}</strong> 1 exception:" in page
    assert "Short notice: 1 day instead of 14. Reason for short notice: Postbote stops its service" in page
