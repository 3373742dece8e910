"""Edit the source from commands, preserving comments and the order of keys.

Nothing is written until the whole edit is complete; a file that cannot be edited safely is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import tomlkit

from register_api.core.model import Draft, EngagementSource, ProductScope, SubprocessorSource
from register_api.core.text import nearest
from register_api.core.timeline import engagement_on, in_effect, vendor_on, written_scope
from register_api.errors import UsageError
from register_api.files import durable
from register_api.source.load import REGISTER_FILE, VENDOR_FOLDER
from register_api.source.toml_values import SCHEMA_FOLDER, Section, TomlFile, VendorFile, plain, put, table_of

T = TypeVar("T")
_Owner = SubprocessorSource | EngagementSource
COPIED = (
    "category", "status", "purpose", "products", "ict_service", "conditions", "data_scope",
    "data_categories", "data_subjects", "special_categories",
)  # fmt: skip
"""Fields that a replacement copies from the engagement it replaces: purpose and data, not locations."""


class SourceEdit:
    """A pending edit of the files in a source folder.

    ``draft`` is the source before the edit. Raises ``UsageError`` for an unknown id (suggesting the
    nearest) or a duplicate one, and ``Refused`` for a file that cannot be edited safely.
    """

    def __init__(self, folder: Path, draft: Draft, texts: Mapping[str, str]) -> None:
        """Start without changes; ``texts`` are the texts of the files by name."""
        self.folder, self.draft, self._texts = folder, draft, texts
        self._listed = {item.id: item for item in draft.subprocessors}
        self._vendors: dict[str, VendorFile] = {}
        self._register: TomlFile | None = None

    def vendor(self, vendor: str) -> SubprocessorSource:
        """Return a vendor of the source by id."""
        return _chosen("sub-processor", vendor, self._listed)

    def engagement(self, vendor: str, engagement: str | None) -> EngagementSource:
        """Return an engagement by id; without an id, the vendor's only engagement."""
        listed = {item.id: item for item in self.vendor(vendor).engagements}
        if engagement is None and len(listed) != 1:
            hint = f"one of: {', '.join(listed) or 'none'}"
            raise UsageError(f"{vendor} has {len(listed)} engagements: say which", hint=hint)
        return _chosen("engagement", next(iter(listed)) if engagement is None else engagement, listed)

    def add_vendor(self, vendor: str, fields: Mapping[str, Any]) -> None:
        """Add a vendor's file, and its id to ``order`` if the register has one."""
        if vendor in self._listed:
            hint = "a further use of it is added with --use NAME and without --name"
            raise UsageError(f"there is a sub-processor {vendor!r} already", hint=hint)
        text = None if (self.folder / SCHEMA_FOLDER).is_dir() else ""
        self._vendors[vendor] = VendorFile(vendor, text)
        _put_all(self._vendors[vendor].document, fields)
        if self.draft.register.order:
            if self._register is None:
                self._register = TomlFile(REGISTER_FILE, self._texts[REGISTER_FILE])
            order: Any = self._register.document["order"]
            order.append(vendor)

    def add_engagement(self, vendor: str, engagement: str, fields: Mapping[str, Any]) -> None:
        """Add an engagement after the vendor's others."""
        file = self._file(vendor)
        if engagement in file.engagements:
            raise UsageError(f"{vendor} has an engagement {engagement!r} already", hint="give another --use")
        _put_all(file.add_engagement(engagement), fields)

    def set_engagement(self, vendor: str, engagement: str, fields: Mapping[str, Any]) -> None:
        """Set fields of an engagement; ``None`` removes a field."""
        _put_all(self._owner(vendor, engagement), fields)

    def plan(self, vendor: str, engagement: str | None, change: Mapping[str, Any]) -> None:
        """Add a planned change (``id``, ``effective_on``, ``set``) to a vendor or one of its engagements."""
        owner = self._owner(vendor, engagement)
        if change["id"] in _planned(owner):
            raise UsageError(f"there is a planned change {change['id']!r} already", hint="give another --id")
        if not isinstance(owner.get("planned"), tomlkit.items.AoT):
            listed = plain(owner.pop("planned", []))
            owner["planned"] = tomlkit.aot()
            for item in listed:
                owner["planned"].append(table_of(item, "\n"))
        owner["planned"].append(table_of(change, "\n"))

    def cancel(self, vendor: str, engagement: str | None, planned: str | None, reason: str) -> None:
        """Cancel an announced engagement or a planned change."""
        section = self._owner(vendor, engagement)
        if planned is not None:
            section = _chosen("planned change", planned, _planned(section))
        put(section, "cancelled", {"reason": reason})

    def fold(self, vendors: Iterable[str], day: dt.date) -> Iterator[str]:
        """Merge planned changes in effect on a local day into the base fields, and yield their ids."""
        for name in vendors:
            vendor = self.vendor(name)
            folded = self._fold(self._owner(name, None), vendor, vendor_on(vendor, day), day)
            yield from (f"{name}: {change}" for change in folded)
            for item in vendor.engagements:
                folded = self._fold(self._owner(name, item.id), item, engagement_on(item, day), day)
                yield from (f"{name}/{item.id}: {change}" for change in folded)

    def _fold(self, section: Section, owner: _Owner, resolved: _Owner, day: dt.date) -> list[str]:
        done = in_effect(owner.planned, day)
        names = dict.fromkeys(name for change in done for name in change.set)
        if isinstance(owner, EngagementSource) and "status" in names:
            names |= dict.fromkeys(("starts_on", "ends_on"))
        _put_all(section, {name: as_written(getattr(resolved, name)) for name in names})
        folded = [change.id for change in done]
        for index in reversed(range(len(section.get("planned", ())))) if folded else ():
            if str(plain(section["planned"][index].get("id"))) in folded:
                del section["planned"][index]
        if folded and not section["planned"]:
            del section["planned"]
        return folded

    def changed(self) -> dict[str, tuple[str, str]]:
        """Return the changed files: name to text before and after."""
        files = [*self._vendors.values(), *filter(None, [self._register])]
        after = sorted((file.name, file.text) for file in files)
        before = self._texts
        return {name: (before.get(name, ""), text) for name, text in after if text != before.get(name)}

    def write(self) -> None:
        """Write each changed file atomically."""
        write_files(self.folder, {name: text for name, (_, text) in self.changed().items()})

    def _owner(self, vendor: str, engagement: str | None) -> Section:
        file = self._file(vendor)
        return file.document if engagement is None else file.engagements[engagement]

    def _file(self, vendor: str) -> VendorFile:
        if vendor not in self._vendors:
            self.vendor(vendor)
            self._vendors[vendor] = VendorFile(vendor, self._texts[f"{VENDOR_FOLDER}/{vendor}.toml"])
        return self._vendors[vendor]


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files below a folder, each atomically.

    Raises:
        UsageError: A file cannot be written.
    """
    with durable.failing_as(UsageError, f"{folder} cannot be written"):
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            durable.replace(folder / name, text.encode())


def _put_all(section: Section, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        put(section, name, value)


def _planned(section: Section) -> dict[str, Section]:
    return {str(plain(item.get("id"))): item for item in section.get("planned", ())}


def _chosen(what: str, name: str, known: Mapping[str, T]) -> T:
    """Return the item with an id; raise ``UsageError`` with the nearest id if it is unknown."""
    if name in known:
        return known[name]
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"one of: {', '.join(known)}" if known else "there is none"
    raise UsageError(f"unknown {what} {name!r}", hint=hint)


def as_written(value: Any) -> Any:
    """Return a value of the model as written in a source, without defaults."""
    if isinstance(value, ProductScope):
        return written_scope(value)
    if isinstance(value, msgspec.Struct):
        return {
            field.name: as_written(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
            if getattr(value, field.name) not in (field.default, {})
        }
    return [as_written(item) for item in value] if isinstance(value, tuple) else msgspec.to_builtins(value)
