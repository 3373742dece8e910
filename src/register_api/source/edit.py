"""Edits of the source that a command makes: the right keys in the right place, comments and order kept.

Nothing is written before all of an edit is there; what cannot be edited without harm is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import tomlkit

from register_api.core.model import Draft, EngagementSource, ProductScope, SubprocessorSource
from register_api.core.planned_changes import engagement_on, in_effect, vendor_on
from register_api.core.product_scope import written_scope
from register_api.core.text import nearest
from register_api.errors import UsageError
from register_api.files import durable
from register_api.source.editor_schema import SCHEMA_FOLDER
from register_api.source.folder import REGISTER_FILE, VENDOR_FOLDER
from register_api.source.toml_values import Section, dump, parse, plain, put
from register_api.source.vendor_file import VendorFile

COPIED = (
    "category", "status", "purpose", "products", "ict_service", "conditions", "data_scope",
    "data_categories", "data_subjects", "special_categories",
)  # fmt: skip
"""What a replacement takes over from the use that it replaces: what for and which data, not where."""


class SourceEdit:
    """Files of a source folder as they are to be.

    Attributes:
        folder: The source folder.
        draft: What the source says before the edit.
    """

    def __init__(self, folder: Path, draft: Draft) -> None:
        """Begin with nothing changed."""
        self.folder = folder
        self.draft = draft
        self._before: dict[str, str] = {}
        self._vendors: dict[str, VendorFile] = {}
        self._register: tomlkit.TOMLDocument | None = None

    def vendor(self, vendor: str) -> SubprocessorSource:
        """Return a vendor of the source by id.

        Raises:
            UsageError: There is none; the nearest id is named.
        """
        found = next((item for item in self.draft.subprocessors if item.id == vendor), None)
        if found is None:
            raise _unknown("sub-processor", vendor, [item.id for item in self.draft.subprocessors])
        return found

    def engagement(self, vendor: str, engagement: str | None) -> EngagementSource:
        """Return an engagement by ids; without its id, the only one the vendor has.

        Raises:
            UsageError: There is none, or more than one to choose from.
        """
        listed = self.vendor(vendor).engagements
        if engagement is None and len(listed) == 1:
            return listed[0]
        if engagement is None:
            names = ", ".join(item.id for item in listed) or "none"
            raise UsageError(f"{vendor} has {len(listed)} engagements: say which", hint=f"one of: {names}")
        found = next((item for item in listed if item.id == engagement), None)
        if found is None:
            raise _unknown("engagement", engagement, [item.id for item in listed])
        return found

    def add_vendor(self, vendor: str, fields: Mapping[str, Any]) -> None:
        """Add a vendor's file, and its id to the order of reading where there is one.

        Raises:
            UsageError: There is a vendor of that id.
        """
        if any(item.id == vendor for item in self.draft.subprocessors):
            raise UsageError(
                f"there is a sub-processor {vendor!r} already",
                hint="a further use of it is added with --use NAME and without --name",
            )
        file = self._file(vendor, new=True)
        for name, value in fields.items():
            put(file.document, name, value)
        self._add_to_order(vendor)

    def add_engagement(self, vendor: str, engagement: str, fields: Mapping[str, Any]) -> None:
        """Add an engagement below the others of a vendor.

        Raises:
            UsageError: The vendor has one of that id.
        """
        file = self._file(vendor, new=vendor in self._vendors)
        if engagement in file.engagements:
            raise UsageError(f"{vendor} has an engagement {engagement!r} already", hint="give another --use")
        section = file.add_engagement(engagement)
        for name, value in fields.items():
            put(section, name, value)

    def set_engagement(self, vendor: str, engagement: str, fields: Mapping[str, Any]) -> None:
        """Set fields of an engagement; ``None`` takes one away."""
        section = self._file(vendor).engagements[engagement]
        for name, value in fields.items():
            put(section, name, value)

    def plan(self, vendor: str, engagement: str | None, change: Mapping[str, Any]) -> None:
        """Add a planned change to a vendor or to one of its engagements.

        Args:
            vendor: Id of the vendor.
            engagement: Id of the engagement, or ``None`` for the vendor itself.
            change: ``id``, ``effective_on`` and ``set``, as JSON has them.

        Raises:
            UsageError: There is a planned change of that id.
        """
        owner = self._owner(vendor, engagement)
        if change["id"] in {str(plain(item.get("id"))) for item in owner.get("planned", [])}:
            raise UsageError(f"there is a planned change {change['id']!r} already", hint="give another --id")
        if not isinstance(owner.get("planned"), tomlkit.items.AoT):
            listed = plain(owner.pop("planned", []))
            owner["planned"] = tomlkit.aot()
            for item in listed:
                owner["planned"].append(_planned_table(item))
        owner["planned"].append(_planned_table(change))

    def cancel(self, vendor: str, engagement: str | None, planned: str | None, reason: str) -> None:
        """Say that an announced engagement or planned change will not come.

        Raises:
            UsageError: There is no such planned change.
        """
        section = self._owner(vendor, engagement)
        if planned is not None:
            listed = {str(plain(item.get("id"))): item for item in section.get("planned", [])}
            if planned not in listed:
                raise _unknown("planned change", planned, list(listed))
            section = listed[planned]
        put(section, "cancelled", {"reason": reason})

    def fold(self, vendors: Iterable[str], day: dt.date) -> Iterator[str]:
        """Write planned changes that have taken effect into the base fields, and take them away.

        Args:
            vendors: Ids of the vendors.
            day: The publisher's local day.

        Yields:
            ``vendor``, or ``vendor/engagement``, and the id of each planned change that was folded.
        """
        for name in vendors:
            vendor = self.vendor(name)
            if in_effect(vendor.planned, day):
                resolved: Any = vendor_on(vendor, day)
                yield from (f"{name}: {item}" for item in self._fold(name, None, vendor, resolved, day))
            for item in vendor.engagements:
                if in_effect(item.planned, day):
                    now = engagement_on(item, day)
                    folded = self._fold(name, item.id, item, now, day)
                    yield from (f"{name}/{item.id}: {change}" for change in folded)

    def _fold(
        self, vendor: str, engagement: str | None, owner: Any, resolved: Any, day: dt.date
    ) -> list[str]:
        section = self._owner(vendor, engagement)
        done = in_effect(owner.planned, day)
        values = {name: getattr(resolved, name) for change in done for name in change.set}
        if engagement is not None and "status" in values:
            values |= {name: getattr(resolved, name) for name in ("starts_on", "ends_on")}
        for name, value in values.items():
            put(section, name, as_written(value))
        folded = [change.id for change in done]
        left = [item for item in section["planned"] if str(plain(item.get("id"))) not in folded]
        if left:
            for index in reversed(range(len(section["planned"]))):
                if str(plain(section["planned"][index].get("id"))) in folded:
                    del section["planned"][index]
        else:
            del section["planned"]
        return folded

    def changed(self) -> dict[str, tuple[str, str]]:
        """Return the files that would change: name to text before and after.

        Raises:
            Refused: A file cannot be edited without harm.
        """
        after = {file.name: file.text for file in self._vendors.values()}
        if self._register is not None:
            after[REGISTER_FILE] = dump(REGISTER_FILE, self._register)
        return {
            name: (self._before.get(name, ""), text)
            for name, text in sorted(after.items())
            if text != self._before.get(name)
        }

    def write(self) -> None:
        """Write the files that change, each whole.

        Raises:
            Refused: A file cannot be edited without harm; nothing was written.
            UsageError: The disk does not take one.
        """
        for name, (_, text) in self.changed().items():
            path = self.folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                durable.replace(path, text.encode())
            except OSError as error:
                raise UsageError(f"{path} cannot be written: {error.strerror}") from error

    def _owner(self, vendor: str, engagement: str | None) -> Section:
        file = self._file(vendor)
        return file.document if engagement is None else file.engagements[engagement]

    def _file(self, vendor: str, *, new: bool = False) -> VendorFile:
        if vendor not in self._vendors:
            if not new:
                self.vendor(vendor)
            name = f"{VENDOR_FOLDER}/{vendor}.toml"
            text = self._read(name) if not new else None if (self.folder / SCHEMA_FOLDER).is_dir() else ""
            self._vendors[vendor] = VendorFile(vendor, text)
        return self._vendors[vendor]

    def _read(self, name: str) -> str:
        try:
            text = (self.folder / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{self.folder / name} cannot be read: {error}") from error
        self._before[name] = text
        return text

    def _add_to_order(self, vendor: str) -> None:
        if not self.draft.register.order:
            return
        if self._register is None:
            self._register = parse(REGISTER_FILE, self._read(REGISTER_FILE))
        order: Any = self._register["order"]
        order.append(vendor)


def _planned_table(change: Mapping[str, Any]) -> Any:
    table = tomlkit.table()
    table.trivia.indent = "\n"
    for name, value in change.items():
        put(table, name, value)
    return table


def as_written(value: Any) -> Any:
    """Return a value of the model as a source writes it: what is as usual is left out."""
    if isinstance(value, ProductScope):
        return written_scope(value)
    if isinstance(value, msgspec.Struct):
        return {
            field.name: as_written(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
            if getattr(value, field.name) not in (field.default, {})
        }
    return [as_written(item) for item in value] if isinstance(value, tuple) else msgspec.to_builtins(value)


def _unknown(what: str, name: str, known: list[str]) -> UsageError:
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"one of: {', '.join(known) or 'none'}"
    return UsageError(f"unknown {what} {name!r}", hint=hint)
