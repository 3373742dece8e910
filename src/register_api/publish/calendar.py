"""iCalendar files of a register (RFC 5545): starts, ends, planned changes, objection deadlines.

The ``UID`` of an event is built from ids and never changes. An unchanged event keeps its bytes, a changed one
gets the next ``SEQUENCE``; an event that will not happen is cancelled, not removed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping

import icalendar
import msgspec

from register_api.core.instant import parse_day
from register_api.core.language.changes import EventTitles
from register_api.core.language.language import Language
from register_api.core.language.notice import notice_given
from register_api.core.model import Register
from register_api.core.upcoming_events import upcoming
from register_api.errors import Malformed

KEPT = dt.timedelta(days=366)
"""How long past events stay in the calendar."""

_DAILY = dt.timedelta(days=1)
_END = b"END:VCALENDAR\r\n"
_EVENT = re.compile(rb"BEGIN:VEVENT\r\n.*?\r\nEND:VEVENT\r\n", re.DOTALL)
_FOLD = b"\r\n "
"""A folded line break (RFC 5545 section 3.1)."""

_ESCAPED = re.compile(r"\\(.)")

_CONFIRMED, _CANCELLED = "CONFIRMED", "CANCELLED"


class EventEdition(msgspec.Struct, frozen=True):
    """The content of an event; when it changes, ``SEQUENCE`` is incremented."""

    day: dt.date
    status: str
    title: bytes
    description: bytes


class CalendarEvent(msgspec.Struct, frozen=True):
    """An event: UID, sequence number, content, and serialised bytes."""

    uid: str
    sequence: int
    edition: EventEdition
    data: bytes

    @property
    def vendor(self) -> str:
        """Id of the sub-processor concerned."""
        return self.uid.partition(".")[0]

    @property
    def is_planned_change(self) -> bool:
        """Whether it concerns a planned change."""
        return self.uid.split(".")[2] != _NONE


_NONE = "-"
"""Placeholder in a ``UID`` where there is no use or planned change; not a valid id."""


def read_events(data: bytes) -> dict[str, CalendarEvent]:
    """Return the events of a calendar written by this module, by ``UID``."""
    events = {}
    for block in _EVENT.findall(data):
        lines = block.replace(_FOLD, b"").split(b"\r\n")
        fields = {name: value for name, _, value in (line.partition(b":") for line in lines)}
        try:
            day = fields[b"DTSTART;VALUE=DATE"].decode()
            edition = EventEdition(
                parse_day(f"{day[:4]}-{day[4:6]}-{day[6:]}"),
                fields[b"STATUS"].decode(),
                fields[b"SUMMARY"],
                fields[b"DESCRIPTION"],
            )
            uid = fields[b"UID"].decode()
            events[uid] = CalendarEvent(uid, int(fields[b"SEQUENCE"]), edition, block)
        except (KeyError, ValueError) as error:
            raise Malformed(f"the calendar has an event that cannot be read: {error}") from error
    return events


def calendar_events(
    register: Register, before: Mapping[str, CalendarEvent], on: dt.date, zone: dt.tzinfo
) -> dict[str, CalendarEvent]:
    """Return the events of a version by ``UID``, in order of their days.

    Events that the register no longer contains are cancelled, except planned changes that have taken effect.
    """
    first = max(on, dt.date.min + KEPT) - KEPT
    language = Language.of(register.publisher.language)
    words, found = EventTitles(language, register, on), {}
    for event in upcoming(register, first, zone):
        names = (event.subprocessor, event.engagement or _NONE, event.planned or _NONE, event.what)
        contact = language.text("Objections to: {contact}", contact=event.contact) if event.contact else None
        description = "\n".join(filter(None, (notice_given(language, event.notice), contact)))
        edition = EventEdition(event.day, _CONFIRMED, _text(words.title(event)), _text(description))
        found[f"{'.'.join(names)}@{register.register}"] = edition
    for uid, left in before.items():
        if uid not in found and left.edition.day >= first:
            vendor = words.vendors.get(left.vendor)
            is_listed = vendor is not None and vendor.withdrawn is None
            took_effect = left.is_planned_change and left.edition.day <= on and is_listed
            found[uid] = (
                left.edition if took_effect else msgspec.structs.replace(left.edition, status=_CANCELLED)
            )
    ordered = sorted(found.items(), key=lambda item: (item[1].day, item[0]))
    return {uid: _event(uid, edition, before.get(uid), register.published_at) for uid, edition in ordered}


def _text(text: str) -> bytes:
    return bytes(icalendar.vText(text).to_ical())


def _unescaped(text: bytes) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text.decode())


def _event(uid: str, edition: EventEdition, before: CalendarEvent | None, at: dt.datetime) -> CalendarEvent:
    if before is not None and before.edition == edition:
        return before
    sequence = before.sequence + 1 if before is not None else 0
    event = icalendar.Event()
    event.add("uid", uid)
    event.add("dtstamp", at)
    event.add("sequence", sequence)
    event.add("dtstart", edition.day)
    event.add("summary", _unescaped(edition.title))
    event.add("description", _unescaped(edition.description))
    event.add("status", edition.status)
    event.add("transp", "TRANSPARENT")
    return CalendarEvent(uid, sequence, edition, bytes(event.to_ical()))


def register_calendar(register: Register, events: Iterable[CalendarEvent], on: dt.date) -> bytes:
    """Return the calendar of the whole register."""
    language = Language.of(register.publisher.language)
    publisher = register.publisher.legal_name or register.publisher.name
    name = language.text("Sub-processors of {name}", name=publisher)
    blocks = [event.data for event in events]
    if not blocks:  # at least one component is required (section 3.6)
        journal = icalendar.Journal()
        journal.add("uid", f"register@{register.register}")
        journal.add("dtstamp", register.published_at)
        journal.add("dtstart", on)
        summary = language.text("Register of sub-processors, version {version}", version=register.version)
        journal.add("summary", summary)
        blocks.append(bytes(journal.to_ical()))
    return _calendar(name, blocks)


def vendor_calendars(
    register: Register, events: Mapping[str, CalendarEvent], before: Mapping[str, CalendarEvent]
) -> Iterator[tuple[str, bytes]]:
    """Yield id and calendar of each sub-processor that has a new or changed event."""
    names = {vendor.id: vendor.name for vendor in register.subprocessors}
    found: dict[str, list[bytes]] = {}
    for event in events.values():
        found.setdefault(event.vendor, []).append(event.data)
    changed = dict.fromkeys(
        event.vendor for uid, event in events.items() if uid not in before or before[uid].data != event.data
    )
    for id_ in changed:
        yield id_, _calendar(names[id_], found[id_])


def _calendar(name: str, blocks: Iterable[bytes]) -> bytes:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//register-api//register-api//EN")
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _DAILY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", icalendar.vDuration(_DAILY))
    head = bytes(calendar.to_ical()).removesuffix(_END)
    return b"".join((head, *blocks, _END))
