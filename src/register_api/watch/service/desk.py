"""What the pages show, by templates in which every text of a vendor's is escaped, and what forms do."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

from jinja2 import Environment
from markupsafe import Markup

from register_api.core.language.language import ENGLISH, count
from register_api.errors import WatchError
from register_api.sending.database import Database
from register_api.style.environment import page_environment
from register_api.watch import chain_questions as questions
from register_api.watch import inbox
from register_api.watch.chain import Chain
from register_api.watch.chain import load as load_chain
from register_api.watch.inbox import Decision, DecisionWord
from register_api.watch.news import TROUBLE
from register_api.watch.settings import Here
from register_api.watch.vendors import all_vendors, load
from register_api.web.requests import STYLE, Form, one, plain

_MOST_NEWS = 500
_MOST_ROWS = 50
_LONGEST_QUESTION = 200
_NEAR = 7
"""Days before a deadline from which it is shown as late."""

_NOT_FOUND, _UNPROCESSABLE = 404, 422

Question = Mapping[str, str]
"""What is asked for, in the path and behind it."""


class WatchPage(NamedTuple):
    """A page before it is put into words: its template, without its ending, and what it shows."""

    template: str
    values: dict[str, Any]
    status: int = 200


def message_page(head: str, body: str, status: int) -> WatchPage:
    """Return a page that says something."""
    return WatchPage("message", {"head": head, "body": body}, status)


def html(page: WatchPage, **everywhere: object) -> str:
    """Put a page into words."""
    return _environment().get_template(f"{page.template}.html.j2").render(**everywhere, **page.values)


@functools.cache
def _environment() -> Environment:
    environment = page_environment("register_api.watch.service")
    environment.filters.update(
        day=ENGLISH.day,
        instant=lambda seconds: f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d %H:%M} UTC",
        words=lambda code: code.replace("_", " "),
        left=lambda days: "over" if days < 0 else f"{count(days, 'day')} left",
    )
    environment.globals.update(
        style=Markup(STYLE),  # noqa: S704 - our own constant
        count=count,
        trouble=TROUBLE,
    )
    environment.tests["web_address"] = lambda text: text.startswith(("https://", "http://"))
    return environment


def _inbox(database: Database, here: Here, asked: Question) -> WatchPage:
    """Show what waits for a decision; ``all``: also what does not concern us."""
    found = inbox.inbox(database, here.today, foreign="all" in asked)
    values = {"news": found[:_MOST_NEWS], "total": len(found), "foreign": "all" in asked, "near": _NEAR}
    return WatchPage("inbox", values)


def _vendors(database: Database, _here: Here, _asked: Question) -> WatchPage:
    """Show all vendors with how it stands with their registers."""
    status = {each.vendor: each for each in inbox.vendors_status(database)}
    known = [(each, status[each.id]) for each in all_vendors(database) if each.id in status]
    rows = sorted(known, key=lambda pair: pair[1].is_well)
    return WatchPage("vendors", {"rows": rows, "open": inbox.open_items(database)})


def _vendor(database: Database, _here: Here, asked: Question) -> WatchPage:
    """Show a vendor: contract, trust, versions, news."""
    vendor = load(database, asked["vendor"])
    status = {each.vendor: each for each in inbox.vendors_status(database)}
    known = inbox.overview(database, vendor.id) | {"root_sha256": inbox.root_of(database, vendor.id)}
    return WatchPage("vendor", {"vendor": vendor, "status": status.get(vendor.id), "known": known})


def _search(database: Database, _here: Here, asked: Question) -> WatchPage:
    """Show what has a text in it."""
    words = plain(asked.get("q", ""))[:_LONGEST_QUESTION]
    return WatchPage("search", {"words": words, "found": inbox.search(database, words)})


def _chain(database: Database, here: Here, asked: Question) -> WatchPage:
    """Show who of our vendors uses a company, or without one on what many depend."""
    chain = load_chain(database, here.today)
    said, company = asked.get("depth", ""), plain(asked.get("company", ""))[:_LONGEST_QUESTION]
    depth = int(said) if said in map(str, range(1, 11)) else questions.DEPTH
    values: dict[str, Any] = {"company": company, "depth": depth, "fault": "", "asked": [], "ways": []}
    if company:
        try:
            targets = chain.find(company)
        except WatchError as error:
            return WatchPage("chain", {**values, "fault": f"{error.message}: {error.hint}"}, _NOT_FOUND)
        values["asked"] = [chain.companies[number] for number in targets]
        ways = questions.ways_to(chain, targets, depth)
        values["ways"] = [(len(way) - 1, _names(chain, way)) for way in ways]
        return WatchPage("chain", values)
    abroad = questions.outside_eea(chain, depth)
    values |= {
        "shares": {
            "Companies": questions.by_company(chain, depth)[:_MOST_ROWS],
            "Countries": questions.by_country(chain, depth)[:_MOST_ROWS],
        },
        "abroad": [(each, _names(chain, each.way)) for each in abroad[:_MOST_NEWS]],
        "abroad_total": len(abroad),
    }
    return WatchPage("chain", values)


def _names(chain: Chain, way: questions.Way) -> list[str]:
    return [chain.companies[number].name for number in way]


VIEWS: Mapping[str, Callable[[Database, Here, Question], WatchPage]] = MappingProxyType(
    {
        "": _inbox,
        "vendors": _vendors,
        "vendors/{vendor:str}": _vendor,
        "chain": _chain,
        "search": _search,
    }
)
"""The pages that are only looked at, by path."""


def news_page(database: Database, news: str, form: Form, fault: str = "") -> WatchPage:
    """Show a piece of news, what was decided on it, and the form to decide; again with its fault."""
    row = inbox.describe(database, news)
    values = {
        "news": row,
        "detail": row["detail"],
        "deadline": row["deadline"] and dt.date.fromisoformat(row["deadline"]),
        "decisions": [each.decision for each in inbox.decisions(database, news=news)],
        "choices": get_args(DecisionWord),
        "chosen": one(form, "decision"),
        "reason": plain(one(form, "reason")),
        "fault": fault,
    }
    return WatchPage("news", values, _UNPROCESSABLE if fault else 200)


def decide(database: Database, news: str, form: Form, by: str, at: int) -> WatchPage | None:
    """Keep a decision; returns the page with the fault where there is one."""
    inbox.describe(database, news)
    chosen = next((each for each in get_args(DecisionWord) if each == one(form, "decision")), None)
    if chosen is None:
        return news_page(database, news, form, "Choose what you decide.")
    made = Decision(news=news, decision=chosen, reason=plain(one(form, "reason")), by=by, at=at)
    try:
        inbox.decide(database, made)
    except WatchError as error:
        return news_page(database, news, form, error.message)
    return None
