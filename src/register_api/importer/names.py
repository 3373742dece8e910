"""The names file: which name is which vendor, for this and every later import; ids made from names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from importlib import resources
from typing import Any

import msgspec
import tomlkit
from anyascii import anyascii

from register_api.core.model import Status
from register_api.core.text import MAX_SLUG, is_slug, printable, quoted
from register_api.errors import Finding
from register_api.importer.table import folded, refuse, refuse_any
from register_api.source.file import finding
from register_api.source.toml_values import TomlFile, plain, table_of

_OTHER = re.compile("[^a-z0-9]+")
_LATIN = re.compile("[\0-\u024f\u1e00-\u1eff\u2000-\u206f]*")
_LETTERS = str.maketrans({"'": "", "\u2019": "", "&": " and "})


def slug(text: str) -> str:
    """Return an id for a text of any script: ASCII (library anyascii), lower case, hyphens, or "" for none.

    An id is read by people for years: one that is too long ends with a whole word, where it has several.
    """
    made = "-".join(filter(None, _OTHER.split(anyascii(text.casefold().translate(_LETTERS)).lower())))
    return made if len(made) <= MAX_SLUG else made[: MAX_SLUG + 1].rpartition("-")[0] or made[:MAX_SLUG]


def free_slug(base: str, taken: Collection[str]) -> str:
    """Return an id that is not taken: the base, or the base with the next number."""
    numbered = (f"{base[: MAX_SLUG - len(str(n)) - 1].strip('-')}-{n}" for n in itertools.count(2))
    return next(made for made in itertools.chain([base], numbered) if made not in taken)


NAMES_FILE = "names.toml"
TEMPLATES = resources.files("register_api.importer").joinpath("templates")
"""New files, as an import begins them."""


class KnownName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One name, and, where rows are told apart by ``when``, the id of the use that they mean."""

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
    """Names to ids, as the names file has them, and what this import adds."""

    def __init__(self, text: str | None = None, file: str = NAMES_FILE) -> None:
        """Read a names file, or begin a new one.

        Raises:
            Refused: It is not such a file.
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
        """Return what is known of a row: by name and words, by name, then by an earlier name."""
        fitting = [item for item in self._vendors if name in (item.name, *item.formerly)]
        with_words = [item for item in fitting if item.when and item.when.items() <= words.items()]
        by_name = [item for item in fitting if not item.when and item.name == name]
        earlier = [item for item in fitting if not item.when]
        return next(iter((*with_words, *by_name, *earlier)), None)

    def earlier_names(self, vendor: str) -> tuple[str, ...]:
        """Return the earlier names of a vendor that the file tells."""
        names = (name for item in self._vendors if item.id == vendor for name in item.formerly)
        return tuple(dict.fromkeys(names))

    def look_alike(self, name: str, present: Collection[str]) -> KnownName | None:
        """Return a vendor whose name differs by case or punctuation alone and is not in the table now."""
        alike = []
        for item in self._vendors:
            # Accents differ, too; in other scripts than Latin many names sound alike.
            likeness = slug if _LATIN.fullmatch(item.name + name) else folded
            alike += [item] if not item.when and likeness(item.name) == likeness(name) else []
        return alike[-1] if alike and not any(item.name in present for item in alike) else None

    def add(self, name: str, taken: Collection[str], vendor: str | None = None) -> KnownName:
        """Give a new name an id and write it down."""
        chosen = vendor or free_slug(slug(name), {item.id for item in self._vendors} | set(taken))
        listed: Any = self.document.setdefault("vendors", tomlkit.aot())
        listed.append(table_of({"name": name, "id": chosen}, "" if self._vendors else "\n"))
        self._vendors.append(KnownName(name, chosen))
        return self._vendors[-1]

    def category(self, title: str, known: str = "") -> str:
        """Return the id of a category by its title; a new title gets one, or the known one, written down."""
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
            yield finding(file, "vendors", f"{quoted(item.name)} stands twice", hint)
        seen.append((item.name, item.when))
    for title, chosen in document.categories.items():
        if not is_slug(chosen):
            yield finding(file, f"categories.{title}", f"{quoted(chosen)} is not a valid id", rule="R02")
