"""What the pages show, by templates that escape every text of a vendor's, and what forms do."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from jinja2 import Environment

from register_api.core.language.language import ENGLISH, count
from register_api.errors import WatchError
from register_api.sending.database import Database
from register_api.watch import chain_questions as questions
from register_api.watch import inbox
from register_api.watch.chain import Chain
from register_api.watch.chain import load as load_chain
from register_api.watch.inbox import Decision, DecisionWord
from register_api.watch.news import TROUBLE
from register_api.watch.settings import Here
from register_api.watch.vendors import all_vendors, load
from register_api.web import Form, Page, forms_environment, one, plain

_MOST_NEWS = 500
_MOST_ROWS = 50
_LONGEST_QUESTION = 200
_NEAR = 7
"""Days before a deadline from which it is shown as late."""

Question = Mapping[str, str]
"""What is asked for, in the path and behind it."""


@functools.cache
def environment_of_pages() -> Environment:
    """Return what puts pages into words."""
    environment = forms_environment("register_api.watch")
    environment.filters.update(
        day=ENGLISH.day,
        instant=lambda seconds: f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d %H:%M} UTC",
        words=lambda code: code.replace("_", " "),
        left=lambda days: "over" if days < 0 else f"{count(days, 'day')} left",
    )
    environment.globals.update(count=count, trouble=TROUBLE)
    environment.tests["web_address"] = lambda text: text.startswith(("https://", "http://"))
    return environment


def _inbox(database: Database, here: Here, asked: Question) -> Page:
    """Show what waits for a decision; ``all``: also what does not concern us."""
    found = inbox.inbox(database, here.today, foreign="all" in asked)
    values = {"news": found[:_MOST_NEWS], "total": len(found), "foreign": "all" in asked, "near": _NEAR}
    return Page("inbox", values)


def _vendors(database: Database, _here: Here, _asked: Question) -> Page:
    status = {each.vendor: each for each in inbox.vendors_status(database)}
    known = [(each, status[each.id]) for each in all_vendors(database) if each.id in status]
    rows = sorted(known, key=lambda pair: pair[1].is_well)
    return Page("vendors", {"rows": rows, "open": inbox.open_items(database)})


def _vendor(database: Database, _here: Here, asked: Question) -> Page:
    vendor = load(database, asked["vendor"])
    status = {each.vendor: each for each in inbox.vendors_status(database)}
    known = inbox.overview(database, vendor.id) | {"root_sha256": inbox.root_of(database, vendor.id)}
    return Page("vendor", {"vendor": vendor, "status": status.get(vendor.id), "known": known})


def _search(database: Database, _here: Here, asked: Question) -> Page:
    words = plain(asked.get("q", ""))[:_LONGEST_QUESTION]
    return Page("search", {"words": words, "found": inbox.search(database, words)})


def _chain(database: Database, here: Here, asked: Question) -> Page:
    chain = load_chain(database, here.today)
    said, company = asked.get("depth", ""), plain(asked.get("company", ""))[:_LONGEST_QUESTION]
    depth = int(said) if said in map(str, range(1, 11)) else questions.DEPTH
    values: dict[str, Any] = {"company": company, "depth": depth, "fault": "", "asked": [], "ways": []}
    if company:
        try:
            targets = chain.find(company)
        except WatchError as error:
            return Page("chain", {**values, "fault": f"{error.message}: {error.hint}"}, 404)
        values["asked"] = [chain.companies[number] for number in targets]
        ways = questions.ways_to(chain, targets, depth)
        values["ways"] = [(len(way) - 1, _names(chain, way)) for way in ways]
        return Page("chain", values)
    abroad = questions.outside_eea(chain, depth)
    values |= {
        "shares": {
            "Companies": questions.by_company(chain, depth)[:_MOST_ROWS],
            "Countries": questions.by_country(chain, depth)[:_MOST_ROWS],
        },
        "abroad": [(each, _names(chain, each.way)) for each in abroad[:_MOST_NEWS]],
        "abroad_total": len(abroad),
    }
    return Page("chain", values)


def _names(chain: Chain, way: questions.Way) -> list[str]:
    return [chain.companies[number].name for number in way]


VIEWS: Mapping[str, Callable[[Database, Here, Question], Page]] = MappingProxyType(
    {"": _inbox, "vendors": _vendors, "vendors/{vendor:str}": _vendor, "chain": _chain, "search": _search}
)
"""The pages that are only looked at, by path."""


def news_page(database: Database, news: str, form: Form, fault: str = "") -> Page:
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
    return Page("news", values, 422 if fault else 200)


def decide(database: Database, news: str, form: Form, by: str, at: int) -> Page | None:
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
