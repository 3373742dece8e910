"""Rows that state who uses whom and identify companies across registers; each version replaces them.

A company's key is ``kind:value``: a register, a domain or a company number. Entries that share a key are one
company. Names are not keys, as they only lead to suggestions (``chain.suggestions``).
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from register_api.core.canonical import decode
from register_api.core.diff.affected import Concern, Interests
from register_api.core.exports.columns import uses_at_places
from register_api.core.model import Identifier, Register, Subprocessor
from register_api.core.text import is_host
from register_api.core.timeline import vendor_states
from register_api.errors import Malformed
from register_api.sending.database import Run

PUBLISHER = ""
"""Stands in for a sub-processor id: the company that publishes the register."""

_ENGAGED = frozenset({"announced", "in_force", "ended"})
"""States of engagements that are in effect at some time; the rows state when."""

_SHORTEST_NUMBER = 5
_NOT_TELLING = re.compile(r"[\W_]+")


class UseRow(NamedTuple):
    """A use at one location between two planned changes; the fields are the columns in order.

    ``number`` is the location's, 0 if none is stated. Days are in the publisher's time zone; ``date.min`` and
    ``date.max`` mean unbounded. ``mechanisms`` are the transfer mechanisms (GDPR Chapter V).
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
    concerns: int


def rewrite_uses(run: Run, vendor: str, interests: Interests, register: Register) -> None:
    """Replace a vendor's rows with those of a version, in the transaction that records it."""
    for table in ("uses", "companies"):
        run(f"DELETE FROM {table} WHERE vendor = ?", vendor)
    companies = [(PUBLISHER, register.publisher.name, keys_of_publisher(register))]
    companies += [(each.id, each.name, keys_of_subprocessor(each)) for each in register.subprocessors]
    for id_, name, keys in companies:
        _insert(run, "companies", (vendor, id_, name, "\n".join(sorted(keys))))
    for row in uses_of(vendor, interests, register):
        _insert(run, "uses", row)


def refresh_uses(run: Run, vendor: str, interests: Interests) -> None:
    """Rewrite a vendor's uses from its newest version, after our interests in it may have changed."""
    newest = run(
        "SELECT document FROM versions WHERE vendor = ? AND document IS NOT NULL"
        " ORDER BY version DESC LIMIT 1",
        vendor,
    )
    for row in newest:
        rewrite_uses(run, vendor, interests, decode(zlib.decompress(row["document"]), Register))


def _insert(run: Run, table: str, row: tuple[object, ...]) -> None:
    """Add a row; of two with the same id, which a register must not have, the first is kept."""
    values = (
        value.replace("\0", "") if isinstance(value, str) else value for value in msgspec.to_builtins(row)
    )
    run(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))}) ON CONFLICT DO NOTHING", *values)


def uses_of(vendor: str, interests: Interests, register: Register) -> Iterator[UseRow]:
    """Yield the uses in a version, including planned ones."""
    ours = Concern(interests, register)
    for listed in register.subprocessors:
        planned = (*listed.planned, *(change for use in listed.engagements for change in use.planned))
        turns = {change.effective_on for change in planned if change.cancelled is None} - {dt.date.min}
        for start, end in itertools.pairwise([dt.date.min, *sorted(turns), dt.date.max]):
            try:
                states = vendor_states(listed, start)
            except Malformed:  # an invalid planned change
                continue
            for current in states:
                use = current.engagement
                span = max(start, use.starts_on or dt.date.min), min(end, use.ends_on or dt.date.max)
                if current.state not in _ENGAGED or span[0] >= span[1]:
                    continue
                for row in uses_at_places(register, [current], start, dt.UTC):
                    country = row.location.country if row.location else ""
                    mechanisms = " ".join(dict.fromkeys(item.mechanism for item in row.transfers or ()))
                    place = row.number, *span, country, mechanisms
                    yield UseRow(
                        vendor, current.vendor.id, use.id, *place, use.purpose, int(ours.covers_use(use))
                    )


def keys_of_publisher(register: Register) -> frozenset[str]:
    """Return the keys that a register's publisher states for itself."""
    publisher = register.publisher
    return keys_of(register.url or "", publisher.website or "", publisher.identifiers or ())


def keys_of_subprocessor(listed: Subprocessor) -> frozenset[str]:
    """Return the keys of a sub-processor, including those of its engaged entities."""
    entities = [use.entity for use in listed.engagements if use.entity is not None]
    numbers = [*(listed.identifiers or ()), *(item for each in entities for item in each.identifiers or ())]
    website = f"https://{listed.domain}" if listed.domain else listed.website or ""
    return keys_of(listed.register.url if listed.register else "", website, numbers)


def keys_of(register: str, website: str, numbers: Iterable[Identifier] = ()) -> frozenset[str]:
    """Return keys; a website with a path is not a key, as its platform may host many companies."""
    found = set()
    for number in numbers:  # a value that is short or has no digit is a placeholder
        value = _plain(number.value)
        if len(value) >= _SHORTEST_NUMBER and any(char.isdigit() for char in value):
            given_by = (number.country, number.registry) if number.scheme == "national" else ()
            place = "".join(f"{_plain(part or '')}/" for part in given_by)
            found.add(f"{_plain(number.scheme)}:{place}{value}")
    host, path = _split(register)
    if host:
        found.add(f"register:{host}/{path.strip('/')}")
    host, path = _split(website)
    domain = host.removeprefix("www.")
    if not path.strip("/") and is_host(domain) and "." in domain:
        found.add(f"domain:{domain}")
    return frozenset(found)


def _split(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.netloc.casefold(), parts.path


def _plain(text: str) -> str:
    return _NOT_TELLING.sub("", text.casefold())
