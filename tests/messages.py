"""The messages of the code and their translations: ``make messages`` updates the catalogues."""

from __future__ import annotations

import ast
import io
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import register_api
from register_api.core.fields import FIELDS
from register_api.core.language.language import VOCABULARIES, translations

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(register_api.__file__).parent
_KEYWORDS = {"text": None, "message": None, "plural": (1, 2)}
_UNSTEADY = (
    "Report-Msgid-Bugs-To",
    "POT-Creation-Date",
    "PO-Revision-Date",
    "Last-Translator",
    "Language-Team",
    "Generated-By",
)
"""Headers that would change with each run, or would be empty."""


def extracted() -> Catalog:
    """Return every message id in the code: from calls, code names and field labels."""
    found = Catalog()
    pages = ("publish/page", "notify")
    methods = [("**.py", _calls), *((f"{room}/templates/*.j2", "jinja2") for room in pages)]
    for _, _, message, _, _ in extract_from_dir(SOURCE, methods, keywords=_KEYWORDS):
        found.add(message)
    for message in (*_words(), *_labels()):
        found.add(message)
    return found


def _calls(file: io.BytesIO, keywords: dict[str, object], *_: object, **__: object) -> Iterator[tuple]:
    """Yield the constant arguments of calls (a Babel extractor)."""
    for node in ast.walk(ast.parse(file.read())):
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        if name in keywords:
            parts = [part.value if isinstance(part, ast.Constant) else None for part in node.args]
            yield node.lineno, name, parts if len(parts) > 1 else parts[0] if parts else None, []


def _words() -> Iterator[str]:
    for vocabulary in VOCABULARIES.values():
        yield from vocabulary.values()


def _labels() -> Iterator[str | tuple[str, str]]:
    for fields in FIELDS.values():
        for field in fields.values():
            if field.change or field.page or field.entries or field.member:
                yield (field.member, field.label) if field.member else field.label


def po_file(tag: str) -> Path:
    """Return the path of a language's catalogue."""
    return SOURCE / "core" / "language" / "locales" / tag / "LC_MESSAGES" / "messages.po"


def catalogue(tag: str) -> Catalog:
    """Read the catalogue of a language."""
    path = po_file(tag)
    return read_po(path.read_bytes().splitlines(keepends=True), tag) if path.exists() else Catalog(tag)


def updated(tag: str) -> bytes:
    """Return a catalogue with new messages added untranslated and obsolete ones removed."""
    known = catalogue(tag)
    known.update(extracted(), no_fuzzy_matching=True)
    known.project, known.version, known.fuzzy = "register-api", "", False
    known.header_comment = f"# What the register says, in {known.locale}. Kept up to date by `make messages`."
    written = io.BytesIO()
    write_po(written, known, width=100, no_location=True, sort_output=True, ignore_obsolete=True)
    lines = written.getvalue().decode().splitlines(keepends=True)
    return "".join(
        line for line in lines if not line.startswith(tuple(f'"{name}' for name in _UNSTEADY))
    ).encode()


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def main() -> None:
    """Update every catalogue."""
    for tag in translations():
        po_file(tag).write_bytes(updated(tag))


if __name__ == "__main__":
    main()
