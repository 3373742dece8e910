"""From entries to vendors: which rows are the same vendor's, and which row is which engagement."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from register_api.core.text import quoted
from register_api.importer.import_report import Reporter
from register_api.importer.names import NAMES_FILE, Names, free_slug, slug
from register_api.importer.table import ImportedRow, keep_aside, refuse_any
from register_api.source.file import finding

_CLAUSE = re.compile(r"[(,;:\n]| - |\. |\be\.g\.")
_WORDS_OF_AN_ID = 5
_LITTLE = frozenset({"a", "all", "and", "any", "as", "at", "by", "for", "from", "in", "of", "on", "or", "our",
                     "that", "the", "to", "via", "with", "your"})  # fmt: skip
"""Words that an id does not end with: they belong to what comes after."""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What a vendor is used for, as one row states it; its id, where the names file says it."""

    id: str = ""
    fields: dict[str, Any]


class ListedVendor(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor of the table."""

    id: str
    fields: dict[str, Any]
    uses: tuple[Use, ...]
    new: bool = False

    @property
    def name(self) -> str:
        """The name, letter by letter."""
        return str(self.fields["name"])


class ImportedList(msgspec.Struct, frozen=True, kw_only=True):
    """A whole table, in order of reading; titles of its categories and products by id."""

    vendors: tuple[ListedVendor, ...]
    categories: dict[str, str]
    products: dict[str, str]


def match_uses(
    uses: Sequence[Use], known: Mapping[str, Mapping[str, Any]], taken: Collection[str]
) -> dict[str, Use]:
    """Return the engagement's id for each row of one vendor.

    A row is the engagement that the names file says; else the one with the same purpose, of several the
    most similar; else, if one row and one engagement are left over, they are the same. What is left then
    is new.
    """
    found = {use.id: use for use in uses if use.id}
    alike = []
    for index, use in enumerate(uses):
        for item, fields in known.items():
            if _purpose(use.fields) == _purpose(fields):
                common = sum(fields.get(field) == value for field, value in use.fields.items())
                alike.append((use.fields != fields, -common, _all(use.fields), item, index))
    for *_, item, index in sorted(alike):
        if item not in found and uses[index] not in found.values():
            found[item] = uses[index]
    left = (use for use in uses if use not in found.values())
    rest = sorted(left, key=lambda use: (_purpose(use.fields), _all(use.fields)))
    free = [item for item in known if item not in found]
    if len(rest) == len(free) == 1:
        found[free[0]] = rest.pop()
    for use in rest:
        found[free_slug(_proposed(use), {*taken, *known, *found})] = use
    return {item: use for use in uses for item, chosen in found.items() if chosen is use}


def _all(fields: Mapping[str, Any]) -> str:
    return repr(sorted(fields.items()))


def _purpose(fields: Mapping[str, Any]) -> str:
    return str(fields.get("purpose", ""))


def _proposed(use: Use) -> str:
    """Return an id for a use: the first words of its purpose, none of them cut, none that leads on."""
    for text in (_CLAUSE.split(_purpose(use.fields).strip())[0], str(use.fields.get("category", ""))):
        whole = slug(text).split("-")
        words = whole[:_WORDS_OF_AN_ID]
        while len(whole) > len(words) > 1 and words[-1] in _LITTLE:
            words.pop()
        if words[0]:
            return "-".join(words)
    return "use"


def make_list(
    entries: Sequence[ImportedRow],
    names: Names,
    reporter: Reporter,
    *,
    taken: Collection[str],
    categories: dict[str, str],
    products: dict[str, str],
) -> ImportedList:
    """Say which row is which vendor; the names file learns what is new."""
    for title, category in categories.items():
        names.category(title, category)
    new = _name_new(entries, names, reporter, taken)
    grouped: dict[str, list[tuple[ImportedRow, Use]]] = {}
    titles: dict[str, str] = {}
    ids = dict(products)
    for entry in entries:
        known = names.find(entry.name, entry.words) or names.add(entry.name, taken)
        use = entry.use | {"category": names.category(entry.category)}
        titles.setdefault(use["category"], entry.category)
        named = use.get("products")
        if isinstance(named, list):  # titles; else that all use it
            for title in named:
                if title not in ids:
                    ids[title] = free_slug(slug(title) or "product", set(ids.values()))
                    message = f"the product {quoted(title)} has the id {ids[title]}"
                    reporter.note("new", message, file=entry.file)
            use["products"] = [ids[title] for title in named]
        grouped.setdefault(known.id, []).append((entry, Use(id=known.use, fields=use)))
    vendors = tuple(
        _listed(vendor, rows, reporter, new=rows[0][0].name in new) for vendor, rows in grouped.items()
    )
    by_id = {id_: title for title, id_ in ids.items()}
    return ImportedList(vendors=vendors, categories=titles, products=by_id)


def _name_new(
    entries: Sequence[ImportedRow], names: Names, reporter: Reporter, taken: Collection[str]
) -> list[str]:
    """Give ids to names seen for the first time, in an order that does not depend on that of the rows."""
    present = {entry.name for entry in entries}
    unknown = sorted({entry.name for entry in entries if names.find(entry.name, entry.words) is None})
    faults = []
    for name in (name for name in unknown if not slug(name)):
        hint = f"choose one there: [[vendors]], name = {quoted(name)}, id = ..."
        message = f"no id can be made of the name {quoted(name)}"
        faults.append(finding(NAMES_FILE, "vendors", message, hint, rule="R02"))
    refuse_any(faults)
    for name in unknown:
        alike = names.look_alike(name, present)
        vendor = names.add(name, taken, alike.id if alike else None).id
        if alike:
            message = f"{quoted(name)} is taken for {quoted(alike.name)} under another spelling (id {vendor})"
            hint = "if it is another company, give it an id of its own in the names file"
            reporter.note("assumed", f"{message}; {hint}")
        else:
            reporter.note("new", f"{quoted(name)} has the id {vendor}")
    return unknown


def _listed(
    vendor: str, rows: Sequence[tuple[ImportedRow, Use]], reporter: Reporter, *, new: bool
) -> ListedVendor:
    """Return a vendor as its rows have it; each comes with its use, whose id the names file may give."""
    first = rows[0][0]
    fields: dict[str, Any] = {"name": first.name}
    uses: list[Use] = []
    for row, use in rows:
        where: dict[str, Any] = {"file": row.file, "line": row.line, "key": row.key}
        extra = dict(row.extra)
        for field, value in {"name": row.name, **row.vendor}.items():
            if fields.setdefault(field, value) != value:
                text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                keep_aside(extra, field, text)
                message = f"rows of {quoted(row.name)} differ in {field}; the first counts"
                reporter.note("left", f"{message}, the others are kept as extra", **where)
        said = use.fields | ({"extra": extra} if extra else {})
        if any(said == other.fields for other in uses):
            message = f"a row that repeats another of {quoted(row.name)} was passed over"
            reporter.note("skipped", message, **where)
        else:
            known = use.id if use.id not in {item.id for item in uses} else ""
            uses.append(Use(id=known, fields=said))
    if len(uses) > 1:
        message = f"{quoted(first.name)} stands in {len(uses)} rows: one sub-processor, {len(uses)} uses"
        reporter.note("read", message, file=first.file)
    return ListedVendor(id=vendor, fields=fields, uses=tuple(uses), new=new)
