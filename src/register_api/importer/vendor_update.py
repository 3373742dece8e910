"""Update one vendor's file from its rows, or from its absence from the table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from register_api.core.text import printable, quoted
from register_api.importer.import_report import Reporter
from register_api.importer.table import refuse
from register_api.importer.vendor_list import ListedVendor, Use, match_uses
from register_api.source.toml_values import USE_ORDER, VENDOR_ORDER, Section, VendorFile, plain, put

MEMORY_FILE = "taken-over.json"


class RememberedVendor(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor as it was in the last table."""

    fields: dict[str, Any] = {}
    uses: dict[str, dict[str, Any]] = {}
    gone: tuple[str, ...] = ()
    listed: bool = True


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """The last table that was imported."""

    format: Literal["register-api-import/1"] = "register-api-import/1"
    order: tuple[str, ...] = ()
    vendors: dict[str, RememberedVendor] = {}


def read_memory(data: bytes | None) -> Memory:
    """Read the memory file; without one, nothing was imported before.

    Raises:
        Refused: It is not a valid memory file.
    """
    if data is None:
        return Memory()
    try:
        return msgspec.json.decode(data, type=Memory)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        hint = "take it away: the next import then keeps whatever the source says and reports what differs"
        refuse(MEMORY_FILE, "", f"this file cannot be read: {printable(error)}", hint)


def write_memory(memory: Memory) -> str:
    """Return the text of the memory file."""
    return msgspec.json.format(msgspec.json.encode(memory, order="deterministic"), indent=1).decode() + "\n"


_DAY = dt.timedelta(days=1)
_EXTRA = "extra"
_ENDS = "Taken off the list on "
"""Start of the reason given when an import withdraws a vendor that was never used."""


class VendorUpdate:
    """Updates one vendor's file by a three-way merge of each field.

    A value that changed since the last table is written. A value in the file that differs from the last
    table was edited manually and is kept.

    Attributes:
        changed: Whether the file has changed.
    """

    def __init__(
        self, file: VendorFile, last: RememberedVendor, reporter: Reporter, *, day: str | None, first: bool
    ) -> None:
        """Start without changes; ``day`` is the date of a past state, ``first`` whether it is the first."""
        self.file, self.remembered, self.changed = file, last, False
        self._reporter, self._day, self._first = reporter, day, first

    def list(self, listed: ListedVendor, earlier_names: tuple[str, ...]) -> None:
        """Write the content of the rows."""
        before = self.file.value("name")
        self._merge(self.file.document, self.remembered.fields, listed.fields, VENDOR_ORDER)
        after, kept = self.file.value("name"), self.file.value("formerly") or []
        earlier = [name for name in earlier_names if after not in earlier_names]
        names = [name for name in dict.fromkeys([*kept, *earlier, before]) if name not in (None, after)]
        if names != kept:
            self._set(self.file.document, "formerly", names or None)
        candidates = self._candidates()
        known = self.remembered.uses
        uses = match_uses(listed.uses, candidates, self.file.engagements.keys() | known.keys())
        self._bring_back()
        for engagement, use in uses.items():
            self._write(engagement, use)
        ended = sorted(candidates.keys() & known.keys() - uses.keys())
        for engagement in ended:
            self._end(engagement)
        began = sorted(uses.keys() - candidates.keys())
        if ended and began:
            message = f"{self._name}: {', '.join(ended)} would end and {', '.join(began)} begin; if one goes"
            hint = " on in other words, names.toml says which: use, beside when"
            self._reporter.note("proposed", message + hint, file=self.file.name)
        self.remembered = RememberedVendor(
            fields=listed.fields,
            uses={**known, **{item: use.fields for item, use in uses.items()}},
            gone=tuple(sorted(known.keys() - uses.keys())),
        )

    def end_all(self) -> None:
        """End the engagements of a vendor that is no longer in the table; nothing is deleted (R03)."""
        for engagement in self._candidates():
            self._end(engagement)
        self.remembered = msgspec.structs.replace(self.remembered, listed=False)

    @property
    def _name(self) -> str:
        return quoted(str(self.file.value("name")))

    def _candidates(self) -> dict[str, Mapping[str, Any]]:
        """Return the engagements that rows may match: those that have not ended before the day."""
        return {
            engagement: self.remembered.uses.get(engagement, plain(section))
            for engagement, section in self.file.engagements.items()
            if self._day is None or (plain(section.get("ends_on")) or self._day) >= self._day
        }

    def _bring_back(self) -> None:
        """Undo the vendor's withdrawal, if an import made it."""
        withdrawn = self.file.value("withdrawn")
        if self._day is None or not withdrawn or not str(withdrawn.get("reason", "")).startswith(_ENDS):
            return
        self._set(self.file.document, "withdrawn", None)
        for section in self.file.engagements.values():
            if "starts_on" in section and "ends_on" not in section:
                self._set(section, "starts_on", self._day)

    def _write(self, engagement: str, use: Use) -> None:
        section = self.file.engagements.get(engagement)
        is_new = section is None
        if section is None:
            section = self.file.add_engagement(engagement)
            self._reporter.note("new", f"a use of {quoted(self.file.vendor)} has the id {engagement}")
        was = "available" if is_new else plain(section.get("status"))
        last = {} if is_new else self.remembered.uses.get(engagement, {})
        self._merge(section, last, use.fields, USE_ORDER)
        ends_on = plain(section.get("ends_on"))
        if self._day is None:
            if ends_on is not None and not is_new:
                message = f"{self._name}: it ends on {ends_on}, but is in the table"
                self._reporter.note("proposed", message, file=self.file.name, key="ends_on")
            return
        if "ends_on" not in use.fields:
            self._set(section, "ends_on", None)
        if plain(section.get("status")) == "available":
            self._set(section, "starts_on", None)
        elif was == "available" and not self._first and "starts_on" not in use.fields:
            # It starts on the date of the state that first lists it in use, unless that is the first of all.
            self._set(section, "starts_on", self._day)

    def _end(self, engagement: str) -> None:
        """End an engagement that is no longer in the table; without a day, only propose it."""
        section = self.file.engagements[engagement]
        if engagement not in self.remembered.uses or "ends_on" in section or self.file.value("withdrawn"):
            return
        what = f"{self._name} ({engagement})"
        if self._day is None:
            message = f"{what} is no longer in the table: give it an ends_on; an id stays"
            self._reporter.note("proposed", message, file=self.file.name, key="ends_on")
            return
        started = plain(section.get("starts_on")) or ""
        used = [item for item in self.file.engagements.values() if plain(item.get("status")) != "available"]
        if plain(section.get("status")) != "available" and started < self._day:
            self._set(section, "ends_on", self._day)
            message = f"{what} ends on {self._day}"
        elif all((plain(item.get("starts_on")) or "") >= self._day for item in used):
            how = "listed on the same day" if started == self._day else "not in use before"
            self._set(self.file.document, "withdrawn", {"reason": f"{_ENDS}{self._day}; {how}."})
            message = f"{self._name} came and went without a day of use: written as withdrawn"
        elif started:
            ends_on = (dt.date.fromisoformat(started) + _DAY).isoformat()
            self._set(section, "ends_on", ends_on)
            message = f"{what} came and went on one day: it ends on {ends_on}, the day after"
        else:
            message = f"{what} is only available and has no end: it stays, take it off by hand"
        self._reporter.note("ended", message, file=self.file.name)

    def _merge(
        self, section: Section, last: Mapping[str, Any], new: Mapping[str, Any], order: Iterable[str]
    ) -> None:
        """Merge fields into a section; new fields are written in this order."""
        for field in order:
            if field != _EXTRA:
                self._merge_field(section, field, last.get(field), new.get(field))
        last_extra, new_extra = last.get(_EXTRA, {}), new.get(_EXTRA, {})
        if last_extra or new_extra:
            section.setdefault(_EXTRA, {})
            for label in dict.fromkeys((*new_extra, *last_extra)):
                self._merge_field(section[_EXTRA], label, last_extra.get(label), new_extra.get(label))
            if not section[_EXTRA]:
                del section[_EXTRA]

    def _merge_field(self, section: Section, field: str, last: Any, new: Any) -> None:
        current = plain(section.get(field))
        if current == last and new != last:
            self._set(section, field, new)
        elif new not in (current, last):
            message = f"{field} was edited by hand and stays; the table says {quoted(str(new))}"
            self._reporter.note("conflict", message, file=self.file.name, key=field)

    def _set(self, section: Section, field: str, value: Any) -> None:
        """Set a field, or remove it if the value is ``None``, and record whether that changes it."""
        if plain(section.get(field)) != value:
            put(section, field, value)
            self.changed = True
