"""Vendors as a table: a CSV file of one's own or of another program, or TOML; every fault with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from register_api.core.text import base_url_problem, email_problem, is_slug, printable, quoted, url_problem
from register_api.files.hand_written import MOST_BYTES, RowFault, read_csv
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
"""Columns by their headings in other programs: docs/watch.md says which, and which are guesses."""

_YES = frozenset({"yes", "y", "true", "1", "x", "critical", "high"})
_NO = frozenset({"no", "n", "false", "0", "low", "medium"})
_HEAD = re.compile(r"^[ \t]*\[\[[ \t]*vendors[ \t]*\]\]", re.MULTILINE)
_SHA256 = re.compile("[0-9a-f]{64}")
_LONGEST = 300
_ALIKE = 0.8


class VendorsFile(NamedTuple):
    """What a file says of vendors, by line and field; where there are faults, nothing of it may be used.

    ``id`` may be missing; ``passed_over`` are headings of columns that no field takes.
    """

    rows: dict[int, dict[str, Any]]
    faults: list[RowFault]
    passed_over: tuple[str, ...] = ()


def read_vendors(data: bytes, *, is_toml: bool) -> VendorsFile:
    """Read a file: CSV with a line of headings, or TOML with a table ``[[vendors]]`` for each."""
    return _read_toml(data) if is_toml else _read_table(data)


def _read_table(data: bytes) -> VendorsFile:
    file = read_csv(data)
    fields = [_field(heading) for heading in file.headings]
    head = [RowFault(1, words) for words in _faults_of_head(file.headings, fields)]
    if head and file.headings:
        return VendorsFile({}, head)
    passed_over = tuple(name for name, field in zip(file.headings, fields, strict=True) if not field)
    found = VendorsFile({}, [*file.faults], passed_over)
    for line, cells in file.rows.items():
        _add(found, line, {fields[place]: cell for place, cell in cells.items() if fields[place]})
    return found


def _field(heading: str) -> str:
    """Return the field that a column says, or an empty text."""
    key = NOT_OF_IDS.sub("_", heading.casefold()).strip("_")
    return key if key in COLUMNS else OF_OTHERS.get(key.replace("_", ""), "")


def _faults_of_head(headings: list[str], fields: list[str]) -> Iterator[str]:
    if "name" not in fields:
        yield f"there is no column name; the columns are {', '.join(COLUMNS)}"
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
        text = data[: MOST_BYTES + 1].decode("utf-8")
        tables = tomllib.loads(text).get("vendors")
    except (ValueError, RecursionError) as error:
        return VendorsFile({}, [RowFault(1, f"no TOML: {printable(error)}")])
    if len(data) > MOST_BYTES or not isinstance(tables, list):
        return VendorsFile({}, [RowFault(1, f"no tables [[vendors]] in at most {MOST_BYTES} bytes")])
    lines = [text.count("\n", 0, head.start()) + 1 for head in _HEAD.finditer(text)]
    if len(lines) != len(tables):  # written in another way: then by number
        lines = list(range(1, len(tables) + 1))
    found = VendorsFile({}, [])
    for line, table in zip(lines, tables, strict=True):
        said = table if isinstance(table, dict) else {"name": ""}
        unknown = [RowFault(line, f"{quoted(name)} is not known") for name in said if name not in COLUMNS]
        found.faults.extend(unknown)
        if not unknown:
            _add(found, line, {name: _as_text(value) for name, value in said.items()})
    return found


def _as_text(value: object) -> str:
    """Return a value of TOML as a cell has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _add(found: VendorsFile, line: int, said: Mapping[str, str]) -> None:
    row, faults = vendor_row(said)
    found.faults.extend(RowFault(line, words) for words in faults)
    if not row.get("name") and not faults:
        found.faults.append(RowFault(line, "there is no name"))
    found.rows[line] = row


def vendor_row(said: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return what is said of a vendor, texts by field, in the form that it is kept in, and what is wrong."""
    row: dict[str, Any] = {}
    faults = []
    for name, text in said.items():
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
            faults.append(printable(error))
    return row, faults


def _site(text: str) -> str:
    """Return the address of a website, of which people write the domain alone, or too much."""
    scheme, _, rest = (text if "://" in text else f"https://{text}").partition("://")
    host, _, path = re.split("[?#]", rest)[0].partition("/")
    root = f"{scheme}://{host.lower()}/"
    return _tree((f"https://{host.lower()}/" if base_url_problem(root) else root) + path)


def _tree(text: str) -> str:
    url = text if text.endswith("/") else f"{text}/"
    return _refused(url, base_url_problem(url) or "")


def _refused(text: str, problem: str) -> str:
    if problem:
        raise ValueError(problem)
    return text


def _digest(text: str) -> str:
    return _refused(text.lower(), "" if _SHA256.fullmatch(text.lower()) else "is not 64 hex digits")


def _yes_or_no(text: str) -> bool:
    word = text.casefold()
    _refused(text, "" if word in _YES | _NO else "is neither yes nor no")
    return word in _YES


def _days(text: str) -> int:
    _refused(text, "" if text.isascii() and text.isdecimal() else "is not a number of days")
    return int(text[:9])


def _list(text: str) -> tuple[str, ...]:
    return tuple(sorted({*re.split(r"[\s,;]+", text)} - {"", "all"}))


_FORMS: dict[str, Callable[[str], Any]] = {
    "id": lambda text: _refused(
        text, "" if is_slug(text) else "is not a valid id: lower-case letters, digits, hyphens"
    ),
    "website": _site,
    "register": _tree,
    "page": lambda text: _refused(text, url_problem(text) or ""),
    "root_sha256": _digest,
    "owner": lambda text: _refused(text, email_problem(text) or ""),
    "objection_days": _days,
    "notice_days": _days,
    "critical": _yes_or_no,
    **dict.fromkeys(LISTS, _list),
}
"""How each field is read; the rest as it stands. What is wrong is the end of a sentence about the text."""
