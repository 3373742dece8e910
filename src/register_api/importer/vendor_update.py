"""Bringing one vendor's file up to date with its rows, or with its absence from the table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from register_api.core.printable import quoted
from register_api.importer.import_folder import RememberedVendor
from register_api.importer.import_report import Reporter
from register_api.importer.vendor_list import ListedVendor, Use, match_uses
from register_api.source.toml_values import Section, plain, put
from register_api.source.vendor_file import USE_ORDER, VENDOR_ORDER, VendorFile

_DAY = dt.timedelta(days=1)
_EXTRA = "extra"
_ENDS = "Taken off the list on "
"""How the reason begins with which an import withdraws what was never used."""


class VendorUpdate:
    """Updates one vendor's file: field by field, a three-way merge.

    What the table says now is written where it said something else last time. What differs from what it
    said last time was edited by hand, and stays.

    Attributes:
        changed: Whether the file says something else now.
    """

    def __init__(
        self,
        file: VendorFile,
        remembered: RememberedVendor,
        reporter: Reporter,
        *,
        day: dt.date | None,
        first: bool,
    ) -> None:
        """Begin."""
        self.file = file
        self.remembered = remembered
        self._reporter = reporter
        self._day = day
        self._first = first
        self.changed = False

    def list(self, listed: ListedVendor, earlier_names: tuple[str, ...]) -> None:
        """Write what the rows say."""
        before = plain(self.file.document.get("name"))
        self._merge(self.file.document, self.remembered.fields, listed.fields, VENDOR_ORDER)
        self._keep_names(before, plain(self.file.document.get("name")), earlier_names)
        candidates = self._candidates()
        uses = match_uses(listed.uses, candidates, self.file.engagements.keys() | self.remembered.uses.keys())
        self._bring_back()
        for engagement, use in uses.items():
            self._write(engagement, use)
        ended = candidates.keys() & self.remembered.uses.keys() - uses.keys()
        for engagement in sorted(ended):
            self._end(engagement)
        self._ask_which_went_on(sorted(ended), sorted(uses.keys() - candidates.keys()))
        self.remembered = RememberedVendor(
            fields=listed.fields,
            uses={**self.remembered.uses, **{item: use.fields for item, use in uses.items()}},
            gone=tuple(sorted(self.remembered.uses.keys() - uses.keys())),
        )

    def _ask_which_went_on(self, ended: Sequence[str], began: Sequence[str]) -> None:
        """Say it where uses end and others begin in one step: they may be the same in other words."""
        if ended and began:
            message = f"{self._name}: {', '.join(ended)} would end and {', '.join(began)} begin; if one goes"
            hint = " on in other words, names.toml says which: use, beside when"
            self._reporter.note("proposed", message + hint, file=self.file.name)

    def take_off(self) -> None:
        """Write that the vendor is no longer in the table: what is in use ends, nothing is deleted (R03)."""
        for engagement in self._candidates():
            self._end(engagement)
        self.remembered = msgspec.structs.replace(self.remembered, listed=False)

    def _keep_names(self, before: Any, after: Any, earlier: tuple[str, ...]) -> None:
        """Write down under which names the vendor was listed before."""
        kept = plain(self.file.document.get("formerly", []))
        told = [name for name in earlier if after not in earlier]
        names = dict.fromkeys([*kept, *told, *([before] if before not in (None, after) else [])])
        names.pop(after, None)
        if list(names) != kept:
            self._set(self.file.document, "formerly", list(names) or None)

    def _candidates(self) -> dict[str, Mapping[str, Any]]:
        """Return engagements that rows may mean: those that have not ended by the day."""
        sections = self.file.engagements
        known: dict[str, Mapping[str, Any]] = {}
        for engagement, section in sections.items():
            ends_on = plain(section.get("ends_on"))
            over = self._day is not None and ends_on is not None and ends_on < self._day.isoformat()
            if not over:
                known[engagement] = self.remembered.uses.get(engagement, plain(section))
        return known

    def _bring_back(self) -> None:
        """Take back that the vendor was withdrawn, if an import said so."""
        withdrawn = plain(self.file.document.get("withdrawn"))
        if self._day is None or not withdrawn or not str(withdrawn.get("reason", "")).startswith(_ENDS):
            return
        self._set(self.file.document, "withdrawn", None)
        for section in self.file.engagements.values():
            if plain(section.get("starts_on")) is not None and plain(section.get("ends_on")) is None:
                self._set(section, "starts_on", self._day.isoformat())

    def _write(self, engagement: str, use: Use) -> None:
        section = self.file.engagements.get(engagement)
        if section is None:
            section = self.file.add_engagement(engagement)
            self._reporter.note("new", f"a use of {quoted(self.file.vendor)} has the id {engagement}")
            self._merge(section, {}, use.fields, USE_ORDER)
            self._begin(section, use)
            return
        was = plain(section.get("status"))
        self._merge(section, self.remembered.uses.get(engagement, {}), use.fields, USE_ORDER)
        if self._day is None:
            self._say_if_ended(section)
            return
        if "ends_on" not in use.fields:
            self._set(section, "ends_on", None)
        if plain(section.get("status")) == "available":
            self._set(section, "starts_on", None)
        elif was == "available":
            self._begin(section, use)

    def _begin(self, section: Section, use: Use) -> None:
        """Write the first day of use: the day of the state that lists it first, but for the first state."""
        if self._day is None or self._first or "starts_on" in use.fields:
            return
        if plain(section.get("status")) != "available":
            self._set(section, "starts_on", self._day.isoformat())

    def _say_if_ended(self, section: Section) -> None:
        ends_on = plain(section.get("ends_on"))
        if ends_on is not None:
            message = f"{self._name}: it ends on {ends_on}, but stands in the table"
            self._reporter.note("proposed", message, file=self.file.name, key="ends_on")

    @property
    def _name(self) -> str:
        return quoted(str(plain(self.file.document.get("name"))))

    def _end(self, engagement: str) -> None:
        """End what the table no longer has; a draft only proposes it."""
        section = self.file.engagements[engagement]
        if engagement not in self.remembered.uses or plain(section.get("ends_on")) is not None:
            return
        if plain(self.file.document.get("withdrawn")) is not None:
            return
        if self._day is None:
            message = (
                f"{self._name} ({engagement}) is no longer in the table: give it an ends_on; an id stays"
            )
            self._reporter.note("proposed", message, file=self.file.name, key="ends_on")
            return
        started = plain(section.get("starts_on"))
        if plain(section.get("status")) == "available" or (started or "") >= self._day.isoformat():
            self._withdraw_or_end(engagement, section, started)
            return
        self._set(section, "ends_on", self._day.isoformat())
        self._reporter.note("ended", f"{self._name} ({engagement}) ends on {self._day}", file=self.file.name)

    def _withdraw_or_end(self, engagement: str, section: Section, started: str | None) -> None:
        """Take off what was never used before that day: the vendor, if it has nothing else, is withdrawn."""
        others = [item for item in self.file.engagements.values() if plain(item.get("status")) != "available"]
        day = self._day.isoformat() if self._day else ""
        if all((plain(item.get("starts_on")) or "") >= day for item in others):
            how = "listed on the same day" if started == day else "not in use before"
            reason = f"{_ENDS}{day}; {how}."
            self._set(self.file.document, "withdrawn", {"reason": reason})
            message = f"{self._name} came and went without a day of use: written as withdrawn"
        elif started is not None:
            ends_on = (dt.date.fromisoformat(started) + _DAY).isoformat()
            self._set(section, "ends_on", ends_on)
            message = (
                f"{self._name} ({engagement}) came and went on one day: it ends on {ends_on}, the day after"
            )
        else:
            message = (
                f"{self._name} ({engagement}) is only available and has no end: it stays, take it off by hand"
            )
        self._reporter.note("ended", message, file=self.file.name)

    def _merge(
        self, section: Section, last: Mapping[str, Any], new: Mapping[str, Any], order: Iterable[str]
    ) -> None:
        """Bring a section up to date; fields that are new are written in the order given."""
        for field in order:
            if field != _EXTRA:
                self._merge_field(section, field, last.get(field), new.get(field))
        kept, said = last.get(_EXTRA, {}), new.get(_EXTRA, {})
        if kept or said:
            if _EXTRA not in section:
                section[_EXTRA] = {}
            for label in dict.fromkeys((*said, *kept)):
                self._merge_field(section[_EXTRA], label, kept.get(label), said.get(label))
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
        """Set a field to a value, or take it away (``None``), unless it says so already."""
        if plain(section.get(field)) != value:
            put(section, field, value)
            self.changed = True
