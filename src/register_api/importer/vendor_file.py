"""One vendor's TOML file, as an import edits it: each field is merged three ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit

from register_api.core.model import EngagementSource, SubprocessorSource
from register_api.core.printable import quoted
from register_api.importer.toml_values import dump, parse, plain, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from register_api.importer.import_report import Reporter
    from register_api.importer.toml_values import Section

EXTRA = "extra"


class Merger:
    """Merges tables into sections of one file."""

    def __init__(self, file: str, reporter: Reporter) -> None:
        """Keep where conflicts are told."""
        self.file = file
        self.changed = False
        self._reporter = reporter

    def merge(
        self, section: Section, last: Mapping[str, Any], new: Mapping[str, Any], order: Iterable[str]
    ) -> None:
        """Bring a section up to date; what was edited by hand stays."""
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


VENDOR_ORDER = tuple(
    name for name in SubprocessorSource.__struct_fields__ if name not in {"id", "engagements"}
)
USE_ORDER = tuple(name for name in EngagementSource.__struct_fields__ if name != "id")


class VendorFile:
    """A vendor's file below the source folder."""

    def __init__(self, vendor: str, text: str | None) -> None:
        """Read the file's text, or begin a new one."""
        self.vendor = vendor
        self.name = f"subprocessors/{vendor}.toml"
        self.document = parse(self.name, text or "")

    @property
    def engagements(self) -> dict[str, Section]:
        """Sections of the engagements by id."""
        listed: Any = self.document.get("engagements", [])
        return {str(plain(item.get("id"))): item for item in listed if isinstance(item, dict)}

    def add_engagement(self, engagement: str) -> Section:
        """Add an engagement below the others and return its section."""
        listed: Any = self.document.get("engagements")
        if not isinstance(listed, tomlkit.items.AoT):
            if listed:  # written as an inline list: goes on as such
                listed.append({"id": engagement})
                return self.engagements[engagement]
            self.document.pop("engagements", None)
            self.document["engagements"] = tomlkit.aot()
        table = tomlkit.table()
        table.trivia.indent = "" if listed else "\n"
        table.add("id", engagement)
        self.document["engagements"].append(table)
        return self.engagements[engagement]

    @property
    def text(self) -> str:
        """The text of the file as it is now."""
        return dump(self.name, self.document)
