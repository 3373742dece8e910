"""Three-way merge of one field: what the source says, what the last import said, what the table says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from register_api.core.printable import quoted
from register_api.source.toml_values import plain, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from register_api.importer.import_report import Reporter
    from register_api.source.toml_values import Section

EXTRA = "extra"


class Merger:
    """Merges tables into sections of one file.

    Attributes:
        changed: Whether anything was set or taken away.
    """

    def __init__(self, file: str, reporter: Reporter) -> None:
        """Keep where conflicts are told."""
        self.file = file
        self.changed = False
        self._reporter = reporter

    def merge(
        self, section: Section, last: Mapping[str, Any], new: Mapping[str, Any], order: Iterable[str]
    ) -> None:
        """Bring a section up to date; what was edited by hand stays.

        Args:
            section: The TOML section.
            last: What the last import said of it.
            new: What the table says now.
            order: All names of fields, in the order in which new ones are written.
        """
        named = last.keys() | new.keys()
        for field in order:
            if field in named and field != EXTRA:
                self._merge_field(section, field, last.get(field), new.get(field))
        self._merge_extra(section, last.get(EXTRA, {}), new.get(EXTRA, {}))

    def set(self, section: Section, field: str, value: Any) -> None:
        """Set a field to a value, or take it away (``None``), unless it says so already."""
        if plain(section.get(field)) != value:
            put(section, field, value)
            self.changed = True

    def _merge_extra(self, section: Section, last: Mapping[str, str], new: Mapping[str, str]) -> None:
        labels = dict.fromkeys((*new, *last))
        if not labels:
            return
        if EXTRA not in section:
            section[EXTRA] = {}
        for label in labels:
            self._merge_field(section[EXTRA], label, last.get(label), new.get(label))
        if not section[EXTRA]:
            del section[EXTRA]

    def _merge_field(self, section: Section, field: str, last: Any, new: Any) -> None:
        current = plain(section.get(field))
        if new in (current, last):
            return
        if current == last:
            self.set(section, field, new)
            return
        message = f"{field} was edited by hand and stays; the table says {quoted(str(new))}"
        self._reporter.note("conflict", message, file=self.file, key=field)
