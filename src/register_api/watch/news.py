"""News: what is told of a vendor, each piece once, with whom it concerns and until when to act."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from register_api.clock import zone_of
from register_api.core.calendar import local_day
from register_api.core.canonical import digest
from register_api.core.diff.changes import Change, ChangeType
from register_api.core.diff.concern import Concern
from register_api.core.language.changes import Sentences
from register_api.core.language.language import ENGLISH, count
from register_api.core.printable import escaped
from register_api.sending.database import Row
from register_api.verify import Report, Update, Verified
from register_api.watch.deadlines import breaks_contract, deadline
from register_api.watch.vendors import Vendor, interests_of

TROUBLE = MappingProxyType(
    {
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
)
"""What each outcome of a look that is trouble means, for people."""

_CHANGES = frozenset(get_args(ChangeType))

CLASSES = frozenset({"other", "late", "short", "moved", "closed", "found", "recovered", *TROUBLE, *_CHANGES})
"""Every class of news, types of change among them; ``other`` is a change of a type that is not known here."""

_ID_DIGITS = 16
_LONGEST_TITLE = 500
_TOLD = ("type", "kind", "subprocessor", "engagement", "planned", "affects", "summary", "notice")
"""What of a change is kept with the news of it; all of it is kept with its version."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is told once; the fields are the columns.

    Attributes:
        key: What it is about: the same thing has the same key, and is told once.
        kind: The class, one of ``CLASSES``.
        title: One line for people.
        detail: More of it, as JSON has it.
        deadline: Last day to object.
        owner: Mail address of who is told, or an empty text.
    """

    id: str
    vendor: str
    key: str
    kind: str
    version: int | None = None
    change_id: str | None = None
    title: str
    detail: dict[str, Any]
    seen_at: int
    concerns: bool = True
    deadline: dt.date | None = None
    deadline_of: Literal["register", "contract"] | None = None
    owner: str

    @classmethod
    def about(cls, vendor: Vendor, key: str, at: int, **more: Any) -> News:
        """Return a piece of news about a vendor; its id follows from what it is about.

        What strangers write stands in the title on one line, without what a terminal or a database acts on.
        """
        more["title"] = escaped(more["title"])[:_LONGEST_TITLE]
        id_ = digest(f"{vendor.id}\n{key}".encode())[:_ID_DIGITS]
        return cls(id=id_, vendor=vendor.id, key=key, seen_at=at, owner=vendor.owner, **more)


def add(run: Callable[..., list[Row]], news: News) -> bool:
    """Add a piece of news, within a transaction of the caller's; false where it was told before."""
    return bool(
        run(
            "INSERT INTO news VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (vendor, key) DO NOTHING RETURNING id",
            *(news.id, news.vendor, news.key, news.kind, news.version, news.change_id, news.title),
            *(msgspec.json.encode(news.detail).decode(), news.seen_at, int(news.concerns)),
            *(news.deadline and news.deadline.isoformat(), news.deadline_of, news.owner),
        )
    )


class Here(NamedTuple):
    """When and where something is seen: the present instant, our time zone, whose holidays are ours."""

    now: dt.datetime
    time_zone: str
    holidays: str

    @property
    def at(self) -> int:
        """The present instant, Unix time."""
        return int(self.now.timestamp())

    def day(self, instant: dt.datetime) -> dt.date:
        """Return the day of an instant in our time zone."""
        return local_day(instant, zone_of(self.time_zone))


def news_of(vendor: Vendor, verified: Verified, report: Report, known: int, here: Here) -> Iterator[News]:
    """Yield what a verified register has that is news.

    At the first look, what is over counts as known: told is what still lies ahead. What was announced before
    it counts as seen on the day of its announcement.
    """
    new = [update for update in verified.updates if update.version > known]
    yield from _lifecycle(vendor, verified, here.at)
    told: set[tuple[int, str | None]] = set()
    for update in new:
        published_on = here.day(update.published_at)
        seen_on = here.day(here.now) if known else published_on
        for change, piece in _changes(vendor, verified, update, here, seen_on):
            if known or _lies_ahead(change, piece, here.day(here.now)):
                told.add((update.version, change.subprocessor))
                yield piece
                if breaks_contract(change, vendor, announced_on=published_on, holidays=here.holidays):
                    yield _breach(vendor, piece)
    for given in report.notices:
        if given.outcome != "kept" and (given.version, given.subprocessor) in told:
            about = (given.version, given.subprocessor, given.engagement, given.planned)
            yield News.about(
                vendor,
                f"{given.outcome}/{'/'.join(str(part or '') for part in about)}",
                here.at,
                kind=given.outcome,
                version=given.version,
                title=f"{vendor.name}: {given.sentence}",
                detail={"reason": given.reason, "notice": msgspec.to_builtins(given.notice)},
            )


def _breach(vendor: Vendor, piece: News) -> News:
    """Return that a change comes sooner than the contract allows, whatever the register promises."""
    asked = f"less than the {count(vendor.notice_days or 0, 'day')} of notice in the contract"
    return News.about(
        vendor,
        f"contract/{piece.change_id}",
        piece.seen_at,
        kind="short",
        version=piece.version,
        change_id=piece.change_id,
        title=f"{piece.title}: {asked}",
        detail=piece.detail,
        concerns=piece.concerns,
    )


def _lies_ahead(change: Change, piece: News, today: dt.date) -> bool:
    days = (piece.deadline, change.notice.effective_on)
    return any(day is not None and day >= today for day in days)


def _changes(
    vendor: Vendor, verified: Verified, update: Update, here: Here, seen_on: dt.date
) -> Iterator[tuple[Change, News]]:
    register, published_on = verified.register, here.day(update.published_at)
    ours, sentences = Concern(interests_of(vendor), register), Sentences(ENGLISH, register, published_on)
    promised = register.notice.objection
    for change in update.changes:
        until = deadline(
            change,
            vendor,
            seen_on=seen_on,
            announced_on=published_on,
            holidays=here.holidays,
        )
        yield (
            change,
            News.about(
                vendor,
                f"change/{change.id}",
                here.at,
                kind=change.type if change.type in _CHANGES else "other",
                version=update.version,
                change_id=change.id,
                title=f"{vendor.name}: {sentences.title(change)}",
                detail={
                    "published_at": int(update.published_at.timestamp()),
                    "recorded": update.recorded,
                    "object_to": promised.contact if promised else None,
                    **{name: msgspec.to_builtins(getattr(change, name)) for name in _TOLD},
                },
                concerns=ours.covers_change(change),
                deadline=until.day if until else None,
                deadline_of=until.of if until else None,
            ),
        )


def _lifecycle(vendor: Vendor, verified: Verified, at: int) -> Iterator[News]:
    """Yield that the register says of itself that it has moved or is kept no longer."""
    said = verified.register.lifecycle
    if said is not None:
        what = "moves" if said.state == "moved" else "is closed"
        where = f" to {said.successor}" if said.successor else ""
        yield News.about(
            vendor,
            f"{said.state}/{said.on}/{said.successor or ''}",
            at,
            kind=said.state,
            version=verified.register.version,
            title=f"{vendor.name}: its register {what}{where} from {said.on} on",
            detail=msgspec.to_builtins(said),
        )
