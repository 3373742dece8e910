"""Reads vendors from CSV (our own or another program's) or TOML; every error is reported with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from register_api.core.text import base_url_problem, email_problem, is_slug, printable, quoted, url_problem
from register_api.files.hand_written import MAX_BYTES, RowFault, read_csv, value_fault
from register_api.watch.vendors import LISTS, NOT_OF_IDS, Vendor

_OURS = frozenset({"root_by", "added_at", "closed_at"})
COLUMNS = tuple(name for name in Vendor.__struct_fields__ if name not in _OURS)

_HEADINGS = {
    "name": "companyname supplier suppliername vendor vendorname",
    "website": "domain referencelink url vendorurl vendorwebsite websiteurl",
    "page": "subprocessorslisturl subprocessorsurl",
    "owner": "owneremail vendorowneremail",
    "critical": "iscritical",
}
OF_OTHERS = {heading: field for field, headings in _HEADINGS.items() for heading in headings.split()}
"""Our columns by the headings of other programs; docs/watch.md lists them and says which are guesses."""

_YES = frozenset({"yes", "y", "true", "1", "x", "critical", "high"})
_NO = frozenset({"no", "n", "false", "0", "low", "medium"})
_HEAD = re.compile(r"^[ \t]*\[\[[ \t]*vendors[ \t]*\]\]", re.MULTILINE)
_SHA256 = re.compile("[0-9a-f]{64}")
_LONGEST = 300
_ALIKE = 0.8


class VendorsFile(NamedTuple):
    """The vendors in a file by line and field; not to be used if there are any faults.

    ``id`` may be missing; ``passed_over`` are the headings of unknown columns, which are skipped.
    """

    rows: dict[int, dict[str, Any]]
    faults: list[RowFault]
    passed_over: tuple[str, ...] = ()


def read_vendors(data: bytes, *, is_toml: bool) -> VendorsFile:
    """Read a file: CSV with a header line, or TOML with a table ``[[vendors]]`` per vendor."""
    if is_toml:
        return _read_toml(data)
    file = read_csv(data)
    keys = [NOT_OF_IDS.sub("_", heading.casefold()).strip("_") for heading in file.headings]
    fields = [key if key in COLUMNS else OF_OTHERS.get(key.replace("_", ""), "") for key in keys]
    head = [RowFault(1, words) for words in _faults_of_head(file.headings, fields)]
    if head and file.headings:
        return VendorsFile({}, head)
    passed_over = tuple(name for name, field in zip(file.headings, fields, strict=True) if not field)
    found = VendorsFile({}, [*file.faults], passed_over)
    for line, cells in file.rows.items():
        _add(found, line, {fields[place]: cell for place, cell in cells.items() if fields[place]})
    return found


def _faults_of_head(headings: list[str], fields: list[str]) -> Iterator[str]:
    if "name" not in fields:
        yield f"missing column name; the columns are {', '.join(COLUMNS)}"
    for field in dict.fromkeys(filter(None, fields)):
        if fields.count(field) > 1:
            named = (quoted(head) for head, each in zip(headings, fields, strict=True) if each == field)
            yield f"several columns say {field}: {', '.join(named)}"
    for heading, field in zip(headings, fields, strict=True):
        alike = [] if field else difflib.get_close_matches(heading.casefold(), COLUMNS, 1, _ALIKE)
        if alike:
            yield f"column {quoted(heading)} is not known; did you mean {alike[0]}?"


def _read_toml(data: bytes) -> VendorsFile:
    try:
        text = data[: MAX_BYTES + 1].decode("utf-8")
        tables = tomllib.loads(text).get("vendors")
    except (ValueError, RecursionError) as error:
        return VendorsFile({}, [RowFault(1, f"not valid TOML: {printable(error)}")])
    if len(data) > MAX_BYTES or not isinstance(tables, list):
        return VendorsFile({}, [RowFault(1, f"no tables [[vendors]] in at most {MAX_BYTES} bytes")])
    lines = [text.count("\n", 0, head.start()) + 1 for head in _HEAD.finditer(text)]
    if len(lines) != len(tables):  # other TOML syntax: number the tables instead
        lines = list(range(1, len(tables) + 1))
    found = VendorsFile({}, [])
    for line, table in zip(lines, tables, strict=True):
        fields = table if isinstance(table, dict) else {"name": ""}
        unknown = [RowFault(line, f"{quoted(name)} is not known") for name in fields if name not in COLUMNS]
        found.faults.extend(unknown)
        if not unknown:  # as text, like cells of a CSV file
            lists = {name: map(str, value) for name, value in fields.items() if isinstance(value, list)}
            texts = {name: " ".join(lists.get(name, (str(value),))) for name, value in fields.items()}
            _add(found, line, texts)
    return found


def _add(found: VendorsFile, line: int, texts: Mapping[str, str]) -> None:
    row, faults = vendor_row(texts)
    found.faults.extend(RowFault(line, words) for words in faults)
    if not row.get("name") and not faults:
        found.faults.append(RowFault(line, "the name is missing"))
    found.rows[line] = row


def vendor_row(texts: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Convert a vendor's fields from text to their stored form; return them and the errors."""
    row: dict[str, Any] = {}
    faults = []
    for name, text in texts.items():
        if not text.isprintable() or len(text) > _LONGEST:
            faults.append(f"{name}: {quoted(text)} cannot be printed, or is too long")
            continue
        try:
            row[name] = _FORMS.get(name, str)(text)
        except ValueError as error:
            faults.append(f"{name}: {quoted(text)} {error}")
    if not faults:
        try:
            msgspec.convert({"id": "a", "name": "a", **row}, Vendor)
        except msgspec.ValidationError as error:
            faults.append(value_fault(error))
    return row, faults


def _site(text: str) -> str:
    """Return a normalised website address; the input may be a bare domain or have a query or fragment."""
    scheme, _, rest = (text if "://" in text else f"https://{text}").partition("://")
    host, _, path = re.split("[?#]", rest)[0].partition("/")
    root = f"{scheme}://{host.lower()}/"
    return _tree((f"https://{host.lower()}/" if base_url_problem(root) else root) + path)


def _tree(text: str) -> str:
    url = text if text.endswith("/") else f"{text}/"
    return _unless(base_url_problem(url), url)


def _unless(problem: object, text: str, words: str = "") -> str:
    """Return a text; if there is a problem, raise ``ValueError`` with ``words`` or the problem."""
    if problem:
        raise ValueError(words or problem)
    return text


def _days(text: str) -> int:
    return int(_unless(not (text.isascii() and text.isdecimal()), text, "is not a number of days")[:9])


_FORMS: dict[str, Callable[[str], Any]] = {
    "id": lambda text: _unless(
        not is_slug(text), text, "is not a valid id: lower-case letters, digits, hyphens"
    ),
    "website": _site,
    "register": _tree,
    "page": lambda text: _unless(url_problem(text), text),
    "root_sha256": lambda text: _unless(
        not _SHA256.fullmatch(text.lower()), text.lower(), "is not 64 hex digits"
    ),
    "owner": lambda text: _unless(email_problem(text), text),
    "objection_days": _days,
    "notice_days": _days,
    "critical": lambda text: (
        _unless(text.casefold() not in _YES | _NO, text.casefold(), "is neither yes nor no") in _YES
    ),
    **dict.fromkeys(LISTS, lambda text: tuple(sorted({*re.split(r"[\s,;]+", text)} - {"", "all"}))),
}
"""Parsers of fields; the others stay as they are. Error messages continue a sentence about the text."""
