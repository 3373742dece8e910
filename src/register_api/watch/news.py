"""News about vendors: each item is reported once, with its owner and its deadline.

The objection deadline is the earlier of the register's and the contract's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from register_api.core.canonical import digest
from register_api.core.changes import ANNOUNCED_BY, Change, ChangeType
from register_api.core.diff.affected import Concern
from register_api.core.instant import later_day
from register_api.core.language.changes import Sentences
from register_api.core.language.language import ENGLISH, count
from register_api.core.text import escaped
from register_api.sending.database import Run, insert
from register_api.verify import Report, Update, Verified
from register_api.watch.settings import WatchContext, days_off
from register_api.watch.vendors import Vendor, interests_of

TROUBLE: Mapping[str, str] = {
    "busy": "its host asks to be left alone, and does not give the register",
    "clock": "this machine's clock is behind what its register was signed at",
    "forged": "a signature or a digest of its register does not fit",
    "forked": "its register shows another history than before",
    "inconsistent": "parts of its register contradict each other",
    "malformed": "what its host serves is not a register, or is too large",
    "redirected": "its host leads elsewhere, and the register was not followed there",
    "rolled_back": "its host gives an older register than before",
    "stale": "its register is no longer renewed, or newer files are withheld",
    "unreachable": "its register cannot be reached",
    "untrusted": "its register is signed with a key that may not speak for it",
    "unusable": "its register cannot be looked at from here",
    "wall": "its host refuses programs",
}
"""Descriptions of the poll outcomes that need attention."""

AT_ONCE = frozenset({"rolled_back", "forked", "untrusted"})
"""Outcomes reported on first occurrence, because no transient fault causes them."""

_CHANGES = frozenset(get_args(ChangeType))

CLASSES = frozenset({"other", "late", "short", "moved", "closed", "found", "recovered", *TROUBLE, *_CHANGES})
"""Every class of news, including the types of change; ``other`` is a change of unknown type."""

_ID_DIGITS = 16
_LONGEST_TITLE = 500
_BUSINESS_DAYS_A_YEAR = 200
"""A lower bound for every calendar."""

_DETAIL_FIELDS = ("type", "kind", "subprocessor", "engagement", "planned", "affects", "summary", "notice")
"""Fields of a change that are stored with its news; the whole change is stored with its version."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """A news item, reported once per ``key``; the fields are the columns in order, ``detail`` is JSON."""

    id: str
    vendor: str
    key: str
    kind: str
    version: int | None = None
    change_id: str | None = None
    title: str
    detail: str
    seen_at: int
    concerns: int = 1
    deadline: str | None = None
    deadline_of: str | None = None
    owner: str

    @classmethod
    def about(cls, vendor: Vendor, key: str, at: int, *, title: str, detail: object, **more: Any) -> News:
        """Return a news item about a vendor; untrusted text in its title is escaped and kept on one line."""
        more |= {"title": escaped(title)[:_LONGEST_TITLE], "detail": msgspec.json.encode(detail).decode()}
        return cls(id=_id_of(vendor, key), vendor=vendor.id, key=key, seen_at=at, owner=vendor.owner, **more)


def _id_of(vendor: Vendor, key: str) -> str:
    return digest(f"{vendor.id}\n{key}".encode())[:_ID_DIGITS]


def add(run: Run, news: News) -> bool:
    """Add a news item within the caller's transaction; false if it was already reported."""
    row = msgspec.structs.asdict(news)
    row["class"] = row.pop("kind")
    return bool(insert(run, "news", row, "ON CONFLICT (vendor, key) DO NOTHING RETURNING id"))


class Deadline(NamedTuple):
    """An objection deadline set by the register (publisher's time zone) or the contract (our time zone)."""

    day: dt.date
    of: Literal["register", "contract"]


def deadline(
    change: Change, vendor: Vendor, *, seen_on: dt.date, announced_on: dt.date, holidays: str
) -> Deadline | None:
    """Return the objection deadline of a change; ``None`` if neither register nor contract sets one."""
    of_register = change.notice.objection_until
    begins = announced_on if vendor.counts_from == "announced" else seen_on
    of_contract = _later(change, begins, vendor.objection_days, vendor, holidays)
    found = [Deadline(of_contract, "contract")] if of_contract else []
    found += [Deadline(of_register, "register")] if of_register else []
    return min(found, key=lambda each: each.day, default=None)


def breaks_contract(change: Change, vendor: Vendor, *, announced_on: dt.date, holidays: str) -> bool:
    """Whether a change takes effect before the contract's notice period has ended."""
    earliest = _later(change, announced_on, vendor.notice_days, vendor, holidays)
    starts_on = change.notice.effective_on or (announced_on if change.notice.required else None)
    return earliest is not None and starts_on is not None and starts_on < earliest


def _later(
    change: Change, begins: dt.date, days: int | None, vendor: Vendor, holidays: str
) -> dt.date | None:
    """Return the end of a contract period; ``None`` for a change neither announced nor requiring notice."""
    is_announced = change.type in ANNOUNCED_BY and change.notice.announced_on is not None
    if days is None or not (change.notice.required or is_announced):
        return None
    off: tuple[dt.date, ...] = ()
    if vendor.counting == "business" and holidays:
        off = days_off(holidays, range(begins.year, begins.year + days // _BUSINESS_DAYS_A_YEAR + 2))
    try:
        return later_day(begins, days, vendor.counting, off)
    except OverflowError:
        return None


def news_of(
    vendor: Vendor, verified: Verified, report: Report, known: int, context: WatchContext
) -> Iterator[News]:
    """Yield the news in a verified register.

    On the first poll, only changes that still lie ahead are news; they count as seen when announced.
    """
    if (lifecycle := verified.register.lifecycle) is not None:
        what = "moves" if lifecycle.state == "moved" else "is closed"
        where = f" to {lifecycle.successor}" if lifecycle.successor else ""
        title = f"{vendor.name}: its register {what}{where} from {lifecycle.on} on"
        key, version = (
            f"{lifecycle.state}/{lifecycle.on}/{lifecycle.successor or ''}",
            verified.register.version,
        )
        yield News.about(
            vendor, key, context.at, kind=lifecycle.state, version=version, title=title, detail=lifecycle
        )
    reported = set[tuple[int, str | None]]()
    for update in verified.updates:
        if update.version > known:
            for change, piece in _changes(vendor, verified, update, context, is_first=not known):
                reported.add((update.version, change.subprocessor))
                yield piece
    for given in report.notices:
        if given.outcome != "kept" and (given.version, given.subprocessor) in reported:
            kind, version, title = given.outcome, given.version, f"{vendor.name}: {given.sentence}"
            about = (version, given.subprocessor, given.engagement, given.planned)
            key = "/".join(str(part or "") for part in (kind, *about))
            detail = {"reason": given.reason, "notice": given.notice}
            yield News.about(vendor, key, context.at, kind=kind, version=version, title=title, detail=detail)


def _changes(
    vendor: Vendor, verified: Verified, update: Update, context: WatchContext, *, is_first: bool
) -> Iterator[tuple[Change, News]]:
    """Yield the news of each change, and a second item if it takes effect sooner than the contract allows."""
    register, holidays = verified.register, context.settings.holidays
    published_on = context.day(update.published_at)
    seen_on = published_on if is_first else context.today
    ours, sentences = Concern(interests_of(vendor), register), Sentences(ENGLISH, register, published_on)
    promised = register.notice.objection
    for change in update.changes:
        until = deadline(change, vendor, seen_on=seen_on, announced_on=published_on, holidays=holidays)
        piece = News.about(
            vendor,
            f"change/{change.id}",
            context.at,
            kind=change.type if change.type in _CHANGES else "other",
            version=update.version,
            change_id=change.id,
            title=f"{vendor.name}: {sentences.title(change)}",
            detail={
                "published_at": int(update.published_at.timestamp()),
                "recorded": update.recorded,
                "object_to": promised.contact if promised else None,
                **{name: getattr(change, name) for name in _DETAIL_FIELDS},
            },
            concerns=int(ours.covers_change(change)),
            deadline=until.day.isoformat() if until else None,
            deadline_of=until.of if until else None,
        )
        days = (until.day if until else None, change.notice.effective_on)
        if is_first and not any(day is not None and day >= context.today for day in days):
            continue
        yield change, piece
        if breaks_contract(change, vendor, announced_on=published_on, holidays=holidays):
            period = count(vendor.notice_days or 0, f"{vendor.counting} day")
            asked = f"less than the {period} of notice in the contract"
            key = f"contract/{change.id}"
            id_ = _id_of(vendor, key)
            title = escaped(f"{piece.title}: {asked}")[:_LONGEST_TITLE]
            short = {"id": id_, "key": key, "kind": "short", "title": title}
            yield change, msgspec.structs.replace(piece, **short, deadline=None, deadline_of=None)
