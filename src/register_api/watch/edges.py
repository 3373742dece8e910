"""Who uses whom, as rows that are rewritten with each version of a vendor's register."""

from __future__ import annotations

import datetime as dt
import itertools
import zlib
from typing import TYPE_CHECKING

import msgspec

from register_api.core.bitemporal import vendor_states
from register_api.core.canonical import decode
from register_api.core.exports.uses import uses_at_places
from register_api.core.model import Register
from register_api.errors import Malformed
from register_api.watch.concerns import concern
from register_api.watch.identity import keys_of_publisher, keys_of_subprocessor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from register_api.core.bitemporal import EngagementState
    from register_api.core.diff.concern import Concern
    from register_api.core.model import Subprocessor
    from register_api.sending.database import Row
    from register_api.watch.vendors import Vendor

PUBLISHER = ""
"""In place of a sub-processor's id: the company whose register it is."""

_ENGAGED = frozenset({"announced", "in_force", "ended"})
"""States of what is used at some time, which is when the rows say."""


class UseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A use at one of its places, while nothing planned changes it; fields are columns, in their order.

    Attributes:
        number: Number of the place among those of the use; 0 where none is stated.
        holds_from: First day of it, in the publisher's time zone; ``date.min`` where it has none.
        holds_until: First day without it; ``date.max`` where it has no end.
        country: Of the place; an empty text where none is stated.
        mechanisms: What transfers there rest on (GDPR Chapter V), separated by spaces.
        concerns: Whether it is a use that we make use of.
    """

    vendor: str
    subprocessor: str
    engagement: str
    number: int
    holds_from: dt.date
    holds_until: dt.date
    country: str
    mechanisms: str
    purpose: str
    concerns: bool


def rewrite_uses(run: Callable[..., list[Row]], vendor: Vendor, register: Register) -> None:
    """Put what a version says in the place of what an older one said, in the transaction that records it."""
    for table in ("uses", "companies"):
        run(f"DELETE FROM {table} WHERE vendor = ?", vendor.id)
    companies = [(PUBLISHER, register.publisher.name, keys_of_publisher(register))]
    companies += [(each.id, each.name, keys_of_subprocessor(each)) for each in register.subprocessors]
    for id_, name, keys in companies:
        _insert(run, "companies", (vendor.id, id_, name, "\n".join(sorted(keys))))
    for row in uses_of(vendor, register):
        _insert(run, "uses", (*msgspec.to_builtins(msgspec.structs.astuple(row)[:-1]), int(row.concerns)))


def refresh_uses(run: Callable[..., list[Row]], vendor: Vendor) -> None:
    """Rewrite the uses of a vendor from its newest version, where what we use of it may have changed."""
    newest = run(
        "SELECT document FROM versions WHERE vendor = ? AND document IS NOT NULL"
        " ORDER BY version DESC LIMIT 1",
        vendor.id,
    )
    for row in newest:
        rewrite_uses(run, vendor, decode(zlib.decompress(row["document"]), Register))


def _insert(run: Callable[..., list[Row]], table: str, values: tuple[str | int, ...]) -> None:
    """Add a row; of two under one id, which a register must not have, the first."""
    kept = (value.replace("\0", "") if isinstance(value, str) else value for value in values)
    run(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))}) ON CONFLICT DO NOTHING", *kept)


def uses_of(vendor: Vendor, register: Register) -> Iterator[UseRow]:
    """Yield the uses that a version tells of, those that are planned among them."""
    ours = concern(vendor, register)
    for listed in register.subprocessors:
        days = [dt.date.min, *_turns(listed), dt.date.max]
        for start, end in itertools.pairwise(days):
            try:
                states = vendor_states(listed, start)
            except Malformed:  # a planned change that sets what it cannot
                continue
            for held in states:
                if held.state in _ENGAGED:
                    yield from _rows(vendor, register, held, (start, end), ours)


def _turns(listed: Subprocessor) -> list[dt.date]:
    """Return the days on which something planned takes effect."""
    planned = (*listed.planned, *(change for use in listed.engagements for change in use.planned))
    return sorted({change.effective_on for change in planned if change.cancelled is None} - {dt.date.min})


def _rows(
    vendor: Vendor, register: Register, held: EngagementState, span: tuple[dt.date, dt.date], ours: Concern
) -> Iterator[UseRow]:
    use = held.engagement
    holds_from = max(span[0], use.starts_on or dt.date.min)
    holds_until = min(span[1], use.ends_on or dt.date.max)
    if holds_from >= holds_until:
        return
    for row in uses_at_places(register, [held], span[0], dt.UTC):
        yield UseRow(
            vendor=vendor.id,
            subprocessor=held.vendor.id,
            engagement=use.id,
            number=row.number,
            holds_from=holds_from,
            holds_until=holds_until,
            country=row.location.country if row.location else "",
            mechanisms=" ".join(dict.fromkeys(item.mechanism for item in row.transfers or ())),
            purpose=use.purpose,
            concerns=ours.covers_use(use),
        )
