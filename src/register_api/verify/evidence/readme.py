"""README.txt: what a package shows, for people who decide by it, and how to check that by hand.

Its sentences are those of its form, a file in ``forms`` that stays as it is for as long as packages
of that form are kept; what is filled in are facts: names, codes, dates, numbers. So whoever verifies
a package can make its README again and compare, and no sentence elsewhere has to stay for its sake.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from importlib.resources import files

from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.diff.changes import Change
from register_api.core.format.tree import TIME_STAMP
from register_api.core.keys.key_list import good_key
from register_api.errors import Forged, Malformed
from register_api.verify.checks.recorder import NotApplicable
from register_api.verify.checks.round import PackageRound
from register_api.verify.checks.version_history import Version
from register_api.verify.evidence.archive import README
from register_api.verify.report.text import instant_in_words, plain

_FORM = files(__package__).joinpath("forms", "1.txt")
_BLANK = re.compile("@([A-Z0-9_]+)@")
_MAX_CHANGES = 200


def make_readme(files: Container[str], found: PackageRound) -> bytes:
    """Return README.txt for a package of which everything else has been found to hold."""
    sizes = (found.version, found.log.value.size)
    stamped = next((size for size in sizes if TIME_STAMP.path(size) in files), None)
    return _readme(found, stamped)


def check_readme(files: Mapping[str, bytes], found: PackageRound) -> str:
    """Compare README.txt with what the package shows (E03)."""
    data = files.get(README)
    if data is None:
        raise NotApplicable("there is none")
    title = _FORM.read_bytes().partition(b"\n")[0]
    if data.partition(b"\n")[0] != title:
        raise Malformed(f"README.txt does not begin with {title.decode()!r}, the one form known here")
    # A stamp may have been added to a package that was made without one, and has its README still.
    if data not in (make_readme(files, found), _readme(found, None)):
        raise Forged("README.txt does not say what the package shows: do not rely on it")
    return "word for word"


def _readme(found: PackageRound, stamped: int | None) -> bytes:
    """Return the text for a stamp on the checkpoint of a size, or for none."""
    shown, log, trusted = found.found.value, found.log.value, found.targets.value.trusted
    if shown is None:
        raise NotApplicable("the version's files do not hold")
    register, keys, version = shown.register, found.keys.value.document, found.version
    facts = {
        "PUBLISHER": plain(register.publisher.legal_name or register.publisher.name),
        "REGISTER": plain(register.register),
        "VERSION": str(version),
        "PUBLISHED": instant_in_words(register.published_at),
        "RECORDED": register.recorded,
        "CHANGES": "\n".join(_changes(shown)),
        "SHA256": digest(shown.data),
        "LOG": _log(version, log.root_at(version)),
        "NEWEST_LOG": _log(log.size, log.head.root),
        "STAMP": "none" if stamped is None else TIME_STAMP.path(stamped),
        "VOUCHED_UNTIL": instant_in_words(trusted.fresh_until),
        "DOCUMENT_KEY": good_key(keys, "document", None, version).kid,
        "LOG_KEY": good_key(keys, "log", None, version).kid,
        "TARGETS": str(trusted.targets_version),
    }
    # Filled in one go: what a publisher wrote is never looked at for blanks.
    return _BLANK.sub(lambda blank: facts[blank[1]], _FORM.read_text("utf-8")).encode()


def _changes(shown: Version) -> Iterator[str]:
    """Yield the lines of each change, facts alone; none begins as a command does, by four spaces."""
    if shown.diff is None:
        raise NotApplicable("the diff does not hold")
    changes = shown.diff.changes
    names = {vendor.id: vendor.name for vendor in shown.register.subprocessors}
    for change in changes[:_MAX_CHANGES]:
        yield from _change(change, names)
    if len(changes) > _MAX_CHANGES:
        yield f"- and {len(changes) - _MAX_CHANGES} more, in diff.json"
    if not changes:
        yield "- nothing that customers are told"


def _change(change: Change, names: dict[str, str]) -> Iterator[str]:
    notice, who = change.notice, names.get(change.subprocessor or "", change.subprocessor or "the register")
    use = f", {change.engagement}" if change.engagement else ""
    paths = f" ({', '.join(field.path for field in change.fields)})" if change.kind == "changed" else ""
    yield "- " + plain(f"{who}{use}: {change.type}{paths}")
    if notice.announced_on is not None and notice.effective_on is not None:
        yield f"  announced on {notice.announced_on}, effective {notice.effective_on}"
    if notice.required and notice.promised_days is not None:
        given = "no effective date" if notice.days is None else f"{notice.days} days given"
        kept = "kept" if notice.met else "NOT kept"
        yield f"  notice promised: {notice.promised_days} {notice.day_count} days; {given}: {kept}"


def _log(size: int, root: bytes) -> str:
    return f"size {size}, root {strict_base64.encode(root)}"
