"""What the pages show, and what their forms do."""

from __future__ import annotations

import datetime as dt
from typing import get_args
from zoneinfo import ZoneInfo

from register_api.core.calendar import local_day
from register_api.errors import WatchError
from register_api.sending.database import Database
from register_api.watch import chain_questions as questions
from register_api.watch.chain import Chain
from register_api.watch.chain import load as load_chain
from register_api.watch.decisions import Decision, DecisionWord, decide, decisions
from register_api.watch.inbox import inbox
from register_api.watch.overview import describe, open_items, overview, root_of
from register_api.watch.search import search
from register_api.watch.service.pages import WatchPage
from register_api.watch.settings import WatchSettings
from register_api.watch.status import vendors_status
from register_api.watch.vendors import Vendor, all_vendors, load
from register_api.web.asking import Form, one, plain

_MOST_NEWS = 500
_MOST_ROWS = 50
_CHAIN_LASTS = dt.timedelta(minutes=1)
_NEAR = 7
"""Days before a deadline from which it is shown as late."""

_UNPROCESSABLE = 422


class WatchDesk:
    """Answers; it belongs to the thread of its database."""

    def __init__(self, database: Database, settings: WatchSettings) -> None:
        """Take the database, and the time zone in which days are counted."""
        self._database = database
        self._zone = ZoneInfo(settings.time_zone)
        self._chain: tuple[dt.datetime, Chain] | None = None

    def inbox(self, now: dt.datetime, *, foreign: bool) -> WatchPage:
        """Show what waits for a decision; ``foreign``: also what does not concern us."""
        found = inbox(self._database, local_day(now, self._zone), foreign=foreign)
        values = {"news": found[:_MOST_NEWS], "total": len(found), "foreign": foreign, "near": _NEAR}
        return WatchPage("inbox", values)

    def news(self, news: str, form: Form | None, fault: str = "") -> WatchPage:
        """Show a piece of news, what was decided on it, and the form to decide; again with its fault."""
        row, detail = describe(self._database, news)
        values = {
            "news": row,
            "detail": detail,
            "deadline": row["deadline"] and dt.date.fromisoformat(row["deadline"]),
            "decisions": [each.decision for each in decisions(self._database, news=news)],
            "choices": get_args(DecisionWord),
            "chosen": one(form or {}, "decision"),
            "reason": plain(one(form or {}, "reason")),
            "fault": fault,
        }
        return WatchPage("news", values, _UNPROCESSABLE if fault else 200)

    def decide(self, news: str, form: Form, by: str, at: int) -> WatchPage | None:
        """Keep a decision; returns the page with the fault where there is one."""
        describe(self._database, news)
        word, reason = one(form, "decision"), plain(one(form, "reason"))
        chosen = next((each for each in get_args(DecisionWord) if each == word), None)
        if chosen is None:
            return self.news(news, form, "Choose what you decide.")
        try:
            decide(self._database, Decision(news=news, decision=chosen, reason=reason, by=by, at=at))
        except WatchError as error:
            return self.news(news, form, error.message)
        return None

    def vendors(self) -> WatchPage:
        """Show all vendors with how it stands with their registers."""
        status = {each.vendor: each for each in vendors_status(self._database)}
        known = [(each, status[each.id]) for each in all_vendors(self._database) if each.id in status]
        rows = sorted(known, key=lambda pair: pair[1].is_well)
        return WatchPage("vendors", {"rows": rows, "open": open_items(self._database)})

    def vendor(self, vendor: str) -> WatchPage:
        """Show a vendor: contract, trust, versions, news."""
        found = load(self._database, vendor)
        status = next((each for each in vendors_status(self._database) if each.vendor == vendor), None)
        return WatchPage(
            "vendor", {"vendor": found, "status": status, "known": overview(self._database, vendor)}
        )

    def proof_of(self, vendor: str) -> tuple[Vendor, str]:
        """Return a vendor, and the root that trust in its register began from."""
        return load(self._database, vendor), root_of(self._database, vendor)

    def chain(self, company: str, depth: int, now: dt.datetime) -> WatchPage:
        """Show who of our vendors uses a company, or without one on what many depend."""
        chain = self._chain_of(now)
        values: dict[str, object] = {"company": company, "depth": depth, "fault": "", "asked": [], "ways": []}
        if company:
            try:
                targets = chain.find(company)
            except WatchError as error:
                values["fault"] = f"{error.message}: {error.hint}"
            else:
                values["asked"] = [chain.companies[number] for number in targets]
                ways = questions.ways_to(chain, targets, depth)
                values["ways"] = [(len(way) - 1, _names(chain, way)) for way in ways]
            return WatchPage("chain", values, 404 if values["fault"] else 200)
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

    def _chain_of(self, now: dt.datetime) -> Chain:
        """Return the chain as it was a minute ago at most: to load 40,000 uses takes more than a second."""
        if self._chain is None or now - self._chain[0] >= _CHAIN_LASTS:
            self._chain = now, load_chain(self._database, local_day(now, self._zone))
        return self._chain[1]

    def search(self, words: str) -> WatchPage:
        """Show what has a text in it."""
        return WatchPage("search", {"words": words, "found": search(self._database, words)})


def _names(chain: Chain, companies: tuple[int, ...]) -> list[str]:
    return [chain.companies[number].name for number in companies]
