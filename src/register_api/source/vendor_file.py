"""One vendor's TOML file, edited so that comments and order stay."""

from __future__ import annotations

from typing import Any

import tomlkit

from register_api.core.model import EngagementSource, SubprocessorSource
from register_api.source.editor_schema import HEADS
from register_api.source.toml_values import Section, dump, parse, plain

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
        self.document = parse(self.name, HEADS["subprocessor"] if text is None else text)

    @property
    def engagements(self) -> dict[str, Section]:
        """Sections of the engagements by id."""
        listed: Any = self.document.get("engagements", [])
        return {str(plain(item.get("id"))): item for item in listed if isinstance(item, dict)}

    def add_engagement(self, engagement: str) -> Section:
        """Add an engagement below the others and return its section."""
        said = self.text
        listed: Any = self.document.get("engagements")
        if not isinstance(listed, tomlkit.items.AoT):
            if listed:  # written as an inline list: goes on as such
                listed.append({"id": engagement})
                return self.engagements[engagement]
            self.document.pop("engagements", None)
            self.document["engagements"] = tomlkit.aot()
        table = tomlkit.table()
        table.trivia.indent = "" if not said or said.endswith("\n\n") else "\n"
        table.add("id", engagement)
        self.document["engagements"].append(table)
        return self.engagements[engagement]

    @property
    def text(self) -> str:
        """The text of the file as it is now."""
        return dump(self.name, self.document)
