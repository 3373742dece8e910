"""From entries to vendors: which rows are the same vendor's, and which row is which engagement."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from register_api.core.printable import quoted
from register_api.importer.import_report import Reporter
from register_api.importer.names import NAMES_FILE, Names, free_slug, slug
from register_api.importer.reading_options import ImportedRow
from register_api.importer.table import fault, refuse_any

_CLAUSE = re.compile(r"[(,;:\n]| - |\. |\be\.g\.")
_WORDS_OF_AN_ID = 5
_LITTLE = frozenset({"a", "all", "and", "any", "as", "at", "by", "for", "from", "in", "of", "on", "or", "our",
                     "that", "the", "to", "via", "with", "your"})  # fmt: skip
"""Words that an id does not end with: they belong to what comes after."""


def match_uses(
    uses: Sequence[Use], known: Mapping[str, Mapping[str, Any]], taken: Collection[str]
) -> dict[str, Use]:
    """Return the engagement's id for each row of one vendor.

    A row is the engagement that the names file says; else the one that said the same; else the one with
    the same purpose, of several the most similar; else the one with the same category and products, if
    there is just one such on either side; else, if one row and one engagement are left over, they are the
    same. What is left then is new.
    """
    found = {index: use.id for index, use in enumerate(uses) if use.id}
    for likeness, several in ((_all, False), (_purpose, True), (_group, False)):
        _pair(uses, known, found, likeness, several=several)
    rest = [index for index in range(len(uses)) if index not in found]
    free = [item for item in known if item not in found.values()]
    if len(rest) == 1 and len(free) == 1:
        found[rest.pop()] = free[0]
    used = {*taken, *known, *found.values()}
    for index in sorted(
        rest, key=lambda index: (_purpose(uses[index].fields), repr(_all(uses[index].fields)))
    ):
        found[index] = free_slug(_proposed(uses[index]), used)
        used.add(found[index])
    return {found[index]: uses[index] for index in range(len(uses))}


def _pair(
    uses: Sequence[Use],
    known: Mapping[str, Mapping[str, Any]],
    found: dict[int, str],
    likeness: Callable[[Mapping[str, Any]], object],
    *,
    several: bool,
) -> None:
    """Pair rows and engagements that are alike: the one with the one, of several the most similar first."""
    rows: dict[object, list[int]] = {}
    for index, use in enumerate(uses):
        if index not in found:
            rows.setdefault(likeness(use.fields), []).append(index)
    for like, indexes in rows.items():
        ids = [item for item in known if item not in found.values() and likeness(known[item]) == like]
        if not several and (len(indexes), len(ids)) != (1, 1):
            continue
        pairs = sorted(
            (-_in_common(uses[index].fields, known[item]), _all(uses[index].fields), item, index)
            for index in indexes
            for item in ids
        )
        for _, _, item, index in pairs:
            if index not in found and item not in found.values():
                found[index] = item


def _in_common(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    return sum(1 for field, value in one.items() if other.get(field) == value)


def _all(fields: Mapping[str, Any]) -> str:
    return repr(sorted(fields.items()))


def _purpose(fields: Mapping[str, Any]) -> str:
    return str(fields.get("purpose", ""))


def _group(fields: Mapping[str, Any]) -> tuple[str, str]:
    return str(fields.get("category", "")), str(fields.get("products", ""))


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


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What a vendor is used for, as one row states it; its id, where the names file says it."""

    id: str = ""
    fields: dict[str, Any]
    file: str
    key: str
    line: int | None = None


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
    """A whole table, in order of reading."""

    vendors: tuple[ListedVendor, ...]
    categories: dict[str, str]
    products: dict[str, str]


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
    before = {entry.name: names.find(entry.name, entry.words) for entry in entries}
    _name_new(entries, names, reporter, taken)
    grouped: dict[str, list[ImportedRow]] = {}
    titles: dict[str, str] = {}
    for entry in entries:
        known = names.find(entry.name, entry.words)
        vendor = known.id if known else names.add(entry.name, taken)
        grouped.setdefault(vendor, []).append(entry)
        titles.setdefault(names.category(entry.category), entry.category)
    products = _product_ids(entries, products, reporter)
    vendors = (
        _listed(vendor, rows, names, products, reporter, new=before[rows[0].name] is None)
        for vendor, rows in grouped.items()
    )
    return ImportedList(
        vendors=tuple(vendors),
        categories=titles,
        products={id_: title for title, id_ in products.items()},
    )


def _product_ids(
    entries: Sequence[ImportedRow], known: Mapping[str, str], reporter: Reporter
) -> dict[str, str]:
    """Return title to id of the register's products and of those that the rows name besides."""
    ids = dict(known)
    for entry in entries:
        for title in _products_of(entry):
            if title not in ids:
                ids[title] = free_slug(slug(title) or "product", set(ids.values()))
                reporter.note("new", f"the product {quoted(title)} has the id {ids[title]}", file=entry.file)
    return ids


def _products_of(row: ImportedRow) -> list[str]:
    """Return the titles of products that a row names; none where it says that all use it."""
    named = row.use.get("products")
    return named if isinstance(named, list) else []


def _name_new(
    entries: Sequence[ImportedRow], names: Names, reporter: Reporter, taken: Collection[str]
) -> None:
    """Give ids to names seen for the first time, in an order that does not depend on that of the rows."""
    present = {entry.name for entry in entries}
    unknown = sorted({entry.name for entry in entries if names.find(entry.name, entry.words) is None})
    asked = [(f"no id can be made of the name {quoted(name)}", name) for name in unknown if not slug(name)]
    hint = "choose one there: [[vendors]], name = {}, id = ..."
    refuse_any(
        fault(NAMES_FILE, "vendors", message, hint.format(quoted(name)), rule="R02")
        for message, name in asked
    )
    for name in unknown:
        alike = names.look_alike(name, present)
        vendor = names.add(name, taken, alike.id if alike else None)
        if alike:
            message = (
                f"{quoted(name)} is taken for {quoted(alike.name)} under another spelling (id {vendor});"
                " if it is another company, give it an id of its own in the names file"
            )
            reporter.note("assumed", message)
        else:
            reporter.note("new", f"{quoted(name)} has the id {vendor}")


def _listed(
    vendor: str,
    rows: Sequence[ImportedRow],
    names: Names,
    products: Mapping[str, str],
    reporter: Reporter,
    *,
    new: bool,
) -> ListedVendor:
    fields: dict[str, Any] = {"name": rows[0].name}
    uses: list[Use] = []
    for row in rows:
        extra = dict(row.extra)
        for field, value in {"name": row.name, **row.vendor}.items():
            if fields.setdefault(field, value) != value:
                _keep_aside(field, value, extra, row, reporter)
        use = {**row.use, "category": names.category(row.category), **({"extra": extra} if extra else {})}
        if _products_of(row):
            use["products"] = [products[title] for title in _products_of(row)]
        if any(use == other.fields for other in uses):
            message = f"a row that repeats another of {quoted(row.name)} was passed over"
            reporter.note("skipped", message, file=row.file, line=row.line, key=row.key)
            continue
        known = names.find(row.name, row.words)
        pinned = known.use if known and known.use not in {item.id for item in uses} else ""
        uses.append(Use(id=pinned, fields=use, file=row.file, key=row.key, line=row.line))
    if len(uses) > 1:
        message = f"{quoted(rows[0].name)} stands in {len(uses)} rows: one sub-processor, {len(uses)} uses"
        reporter.note("read", message, file=rows[0].file)
    return ListedVendor(id=vendor, fields=fields, uses=tuple(uses), new=new)


def _keep_aside(field: str, value: Any, extra: dict[str, str], row: ImportedRow, reporter: Reporter) -> None:
    """Keep what a further row says of the vendor differently, beside what that row says of the use."""
    label = field
    while label in extra:
        label += "*"
    extra[label] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    message = f"rows of {quoted(row.name)} differ in {field}; the first counts, the others are kept as extra"
    reporter.note("left", message, file=row.file, line=row.line, key=row.key)
