"""What people decided on news: added for ever, never changed; the newest counts."""

from __future__ import annotations

from typing import Literal

import msgspec

from register_api.core.printable import quoted
from register_api.errors import WatchError
from register_api.sending.database import Database

DecisionWord = Literal["accepted", "objected", "not_concerned"]

_LONGEST = 4_000


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided.

    Attributes:
        news: Id of the news.
        by: Who decided.
        at: When, Unix time.
    """

    news: str
    decision: DecisionWord
    reason: str
    by: str
    at: int


def decide(database: Database, decision: Decision) -> None:
    """Keep a decision beside those that were made before.

    Raises:
        WatchError: There is no such news, or it is not said why or by whom.
    """
    for name in ("reason", "by"):
        said = getattr(decision, name).strip()
        if not said or len(said) > _LONGEST:
            raise WatchError(f"a decision needs its {name!r}, of {_LONGEST} characters at most")
    with database.transaction() as run:
        if not run("SELECT id FROM news WHERE id = ?", decision.news):
            raise WatchError(f"there is no news {quoted(decision.news)}", hint="register-api watch inbox")
        run(
            "INSERT INTO decisions SELECT ?, coalesce(max(number), 0) + 1, ?, ?, ?, ? FROM decisions"
            " WHERE news = ?",
            *(decision.news, decision.decision, decision.reason.strip(), decision.by.strip(), decision.at),
            decision.news,
        )


class DecidedNews(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with what it is on."""

    vendor: str
    title: str
    decision: Decision


def decisions(database: Database, *, vendor: str = "", news: str = "") -> list[DecidedNews]:
    """Return all decisions, those that were taken back among them, the newest last.

    Args:
        database: Where they are kept.
        vendor: Id of the vendor that is asked for; empty: all.
        news: Id of the news that is asked for; empty: all.
    """
    rows = database.query(
        "SELECT vendor, title, news, decision, reason, by, at FROM decisions JOIN news ON news.id = news"
        " WHERE (? = '' OR vendor = ?) AND (? = '' OR news = ?) ORDER BY at, news, number",
        *(vendor, vendor, news, news),
    )
    return [
        DecidedNews(vendor=row["vendor"], title=row["title"], decision=msgspec.convert(row, Decision))
        for row in rows
    ]
