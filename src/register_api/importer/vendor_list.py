"""Match names to vendors, using the names file, and rows to engagements."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import msgspec
import tomlkit
from anyascii import anyascii

from register_api.core.model import Status
from register_api.core.text import MAX_SLUG, is_slug, printable, quoted
from register_api.errors import Finding
from register_api.importer.import_report import Reporter
from register_api.importer.table import ImportedRow, folded, keep_as_extra, refuse, refuse_any
from register_api.source.file import finding
from register_api.source.toml_values import TomlFile, plain, table_of

NAMES_FILE = "names.toml"
TEMPLATES = resources.files("register_api.importer").joinpath("templates")
"""Templates of new files."""
_OTHER = re.compile("[^a-z0-9]+")
_LATIN = re.compile("[\0-\u024f\u1e00-\u1eff\u2000-\u206f]*")
_LETTERS = str.maketrans({"'": "", "\u2019": "", "&": " and "})


def slug(text: str) -> str:
    """Return an id for a text in any script, or "" if none is possible; long ids end at a whole word."""
    made = "-".join(filter(None, _OTHER.split(anyascii(text.casefold().translate(_LETTERS)).lower())))
    return made if len(made) <= MAX_SLUG else made[: MAX_SLUG + 1].rpartition("-")[0] or made[:MAX_SLUG]


def free_slug(base: str, taken: Collection[str]) -> str:
    """Return an unused id: the base, or the base with the next free number."""
    numbered = (f"{base[: MAX_SLUG - len(str(n)) - 1].strip('-')}-{n}" for n in itertools.count(2))
    return next(made for made in itertools.chain([base], numbered) if made not in taken)


class KnownName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vendor's name; ``use`` is the engagement id for rows that match ``when``."""

    name: str
    id: str
    formerly: tuple[str, ...] = ()
    when: dict[str, str] = {}
    use: str = ""


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    vendors: tuple[KnownName, ...] = ()
    categories: dict[str, str] = {}
    statuses: dict[str, Status] = {}


class Names(TomlFile):
    """The names file: names to ids, and the additions of this import."""

    def __init__(self, text: str | None = None, file: str = NAMES_FILE) -> None:
        """Parse a names file, or start a new one.

        Raises:
            Refused: It is not a valid names file.
        """
        super().__init__(file, TEMPLATES.joinpath(NAMES_FILE).read_text("utf-8") if text is None else text)
        try:
            known = msgspec.convert(plain(self.document), _Document)
        except (msgspec.ValidationError, RecursionError) as error:
            hint = "its head shows how a names file is written"
            refuse(file, "", f"this names file cannot be read: {printable(error)}", hint)
        refuse_any(_faults(file, known))
        self.statuses = known.statuses
        self._vendors, self._categories = list(known.vendors), dict(known.categories)

    def find(self, name: str, words: Mapping[str, str]) -> KnownName | None:
        """Return the entry for a row, matched by name and ``when``, by name, or by an earlier name."""
        named = (item for item in self._vendors if name in (item.name, *item.formerly))
        fitting = (item for item in named if item.when.items() <= words.items())
        return min(fitting, key=lambda item: 0 if item.when else 1 + (item.name != name), default=None)

    def earlier_names(self, vendor: str) -> tuple[str, ...]:
        """Return the earlier names of a vendor in the file."""
        names = (name for item in self._vendors if item.id == vendor for name in item.formerly)
        return tuple(dict.fromkeys(names))

    def look_alike(self, name: str, present: Collection[str]) -> KnownName | None:
        """Return a vendor no longer in the table whose name differs only in case or punctuation."""
        alike = []
        for item in self._vendors:
            # In Latin script accents are ignored, too; transliterating other scripts makes names alike.
            likeness = slug if _LATIN.fullmatch(item.name + name) else folded
            alike += [item] if not item.when and likeness(item.name) == likeness(name) else []
        return alike[-1] if alike and not any(item.name in present for item in alike) else None

    def add(self, name: str, taken: Collection[str], vendor: str | None = None) -> KnownName:
        """Add a new name with an id."""
        chosen = vendor or free_slug(slug(name), {item.id for item in self._vendors} | set(taken))
        listed: Any = self.document.setdefault("vendors", tomlkit.aot())
        listed.append(table_of({"name": name, "id": chosen}, "" if self._vendors else "\n"))
        self._vendors.append(KnownName(name, chosen))
        return self._vendors[-1]

    def category(self, title: str, known: str = "") -> str:
        """Return the id of a category by title; for a new title, add ``known`` or a new id."""
        if title not in self._categories:
            chosen = known or free_slug(slug(title) or "category", set(self._categories.values()))
            table: Any = self.document.setdefault("categories", tomlkit.table())
            self._categories[title] = table[title] = chosen
        return self._categories[title]


def _faults(file: str, document: _Document) -> Iterator[Finding]:
    seen = []
    for item in document.vendors:
        for chosen in filter(None, (item.id, item.use)):
            if not is_slug(chosen):
                yield finding(file, "vendors", f"{quoted(chosen)} is not a valid id", rule="R02")
        if item.use and not item.when:
            yield finding(file, "vendors", f"{quoted(item.name)} names a use", "when says of which rows")
        if (item.name, item.when) in seen:
            hint = "one entry a name, or tell them apart by when"
            yield finding(file, "vendors", f"{quoted(item.name)} appears twice", hint)
        seen.append((item.name, item.when))
    for title, chosen in document.categories.items():
        if not is_slug(chosen):
            yield finding(file, f"categories.{title}", f"{quoted(chosen)} is not a valid id", rule="R02")


_CLAUSE = re.compile(r"[(,;:\n]| - |\. |\be\.g\.")
_WORDS_OF_AN_ID = 5
_STOP_WORDS = frozenset({"a", "all", "and", "any", "as", "at", "by", "for", "from", "in", "of", "on", "or",
                         "our", "that", "the", "to", "via", "with", "your"})  # fmt: skip
"""Words that an id must not end with, because they belong to the next word."""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """An engagement as stated in one row; ``id`` is set if the names file gives one."""

    id: str = ""
    fields: dict[str, Any]


class ListedVendor(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor in the table."""

    id: str
    fields: dict[str, Any]
    uses: tuple[Use, ...]
    new: bool = False

    @property
    def name(self) -> str:
        """The name exactly as listed."""
        return str(self.fields["name"])


class ImportedList(msgspec.Struct, frozen=True, kw_only=True):
    """A whole table in reading order, with the titles of its categories and products by id."""

    vendors: tuple[ListedVendor, ...]
    categories: dict[str, str]
    products: dict[str, str]


def match_uses(
    uses: Sequence[Use], known: Mapping[str, Mapping[str, Any]], taken: Collection[str]
) -> dict[str, Use]:
    """Map engagement ids to the rows of one vendor.

    A row matches the engagement given by the names file; else the most similar one with the same
    purpose; else, if just one row and one engagement remain, those match. Other rows are new.
    """
    found = {use.id: use for use in uses if use.id}
    alike = []
    for index, use in enumerate(uses):
        for item, fields in known.items():
            if _purpose(use.fields) == _purpose(fields):
                common = sum(fields.get(field) == value for field, value in use.fields.items())
                alike.append((use.fields != fields, -common, repr(sorted(use.fields.items())), item, index))
    for *_, item, index in sorted(alike):
        if item not in found and uses[index] not in found.values():
            found[item] = uses[index]
    left = (use for use in uses if use not in found.values())
    rest = sorted(left, key=lambda use: (_purpose(use.fields), repr(sorted(use.fields.items()))))
    free = [item for item in known if item not in found]
    if len(rest) == len(free) == 1:
        found[free[0]] = rest.pop()
    for use in rest:
        found[free_slug(_proposed(use), {*taken, *known, *found})] = use
    return {item: use for use in uses for item, chosen in found.items() if chosen is use}


def _purpose(fields: Mapping[str, Any]) -> str:
    return str(fields.get("purpose", ""))


def _proposed(use: Use) -> str:
    """Return an id for a use: the first words of its purpose, not ending in a word of ``_STOP_WORDS``."""
    for text in (_CLAUSE.split(_purpose(use.fields).strip())[0], str(use.fields.get("category", ""))):
        whole = slug(text).split("-")
        words = whole[:_WORDS_OF_AN_ID]
        while len(whole) > len(words) > 1 and words[-1] in _STOP_WORDS:
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
    """Assign rows to vendors, and add new names to the names file."""
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
        if isinstance(named, list):  # titles; otherwise ``ALL``
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
    """Give ids to new names, in an order independent of the rows."""
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
    """Combine the rows of one vendor; the first row wins where they differ."""
    first = rows[0][0]
    fields: dict[str, Any] = {"name": first.name}
    uses: list[Use] = []
    for row, use in rows:
        where: dict[str, Any] = {"file": row.file, "line": row.line, "key": row.key}
        extra = dict(row.extra)
        for field, value in {"name": row.name, **row.vendor}.items():
            if fields.setdefault(field, value) != value:
                text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                keep_as_extra(extra, field, text)
                message = f"rows of {quoted(row.name)} differ in {field}; the first counts"
                reporter.note("left", f"{message}, the others are kept as extra", **where)
        stated = use.fields | ({"extra": extra} if extra else {})
        if any(stated == other.fields for other in uses):
            message = f"a row that repeats another of {quoted(row.name)} was skipped"
            reporter.note("skipped", message, **where)
        else:
            known = use.id if use.id not in {item.id for item in uses} else ""
            uses.append(Use(id=known, fields=stated))
    if len(uses) > 1:
        message = f"{quoted(first.name)} stands in {len(uses)} rows: one sub-processor, {len(uses)} uses"
        reporter.note("read", message, file=first.file)
    return ListedVendor(id=vendor, fields=fields, uses=tuple(uses), new=new)
