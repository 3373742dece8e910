"""Checks of files beyond the TUF targets: copies, discovery, head files, events (V25, V26, V29, V34)."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import msgspec

from register_api.clock import zone_of
from register_api.core.canonical import Encoded, decode, encode, is_digest, parse
from register_api.core.documents import Discovery, HeadFiles, KeyList
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import LISTED, TARGETS_BY_NAME
from register_api.core.model import Register
from register_api.core.trust_root import open_head
from register_api.core.upcoming_events import UpcomingEvents, upcoming_document
from register_api.errors import (
    Document,
    Forged,
    Forked,
    Inconsistent,
    Malformed,
    RolledBack,
    Unreachable,
    UntrustedKey,
    VerificationError,
)
from register_api.verify.checks.check_table import NotApplicable, naming
from register_api.verify.checks.feeds import check_xml_signature, read_atom
from register_api.verify.checks.round import Round
from register_api.verify.checks.run import check_signatures, is_signed
from register_api.verify.fetcher import check_path


def check_discovery(run: Round) -> str:
    """Check the discovery document's entries for this register (V26)."""
    trusted, register = run.targets.trusted, run.register.document.register
    data = run.get(tree.DISCOVERY.path())
    found = [one for one in decode(data, Discovery).registers if one.register == register]
    if not found:
        raise Inconsistent(f"{tree.DISCOVERY.path()} does not name {register!r}")
    for one in found:
        if not (_BASE.fullmatch(one.tree_url) and is_digest(one.root.sha256)):
            raise Malformed(f"{tree.DISCOVERY.path()} gives an address or a digest that is not valid")
        if trusted.roots.get(one.root.version, one.root.sha256) != one.root.sha256:
            raise Inconsistent(f"{tree.DISCOVERY.path()} names another root as version {one.root.version}")
        if [one.register_url, one.feed_url, one.trust_url, one.targets_url] != [
            one.tree_url + path for path in _DISCOVERED
        ]:
            raise Inconsistent(f"{tree.DISCOVERY.path()} names addresses that are not below its base")
    return register


_SEGMENT = r"(?!\.{1,2}/)(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!2[EeFf]|5[Cc])[0-9A-Fa-f]{2})+/"
_BASE = re.compile(rf"\.\./|https?://[A-Za-z0-9.:\[\]-]+/(?:{_SEGMENT})*")
"""``../``, or an absolute URL without (encoded) dot segments or separators (RFC 3986 section 5.2.4)."""

_DISCOVERED = (tree.REGISTER.path(), tree.FEED_ATOM.path(), tree.TRUST_FOLDER, tree.TARGETS_FOLDER)


def check_copies(run: Round) -> str:
    """Classify public files that differ from their targets, and check the targets' copies (V25)."""
    kinds: tuple[FileKind, ...] = tuple(TARGETS_BY_NAME.values())
    if run.version:
        kinds, newest = (tree.KEYS, tree.CHECKPOINT), run.log.size
    else:
        newest = run.register.document.version
        kinds = () if run.options.newest_alone else kinds
    targets = run.targets
    for kind, data in targets.others.items():
        with run.record.recording("V25", kind.path()):
            forged = Forged("the digest that the targets metadata gives does not fit the bytes received")
            try:
                found = _OTHERS[kind](run, data, newest)
            except (Forked, RolledBack):
                raise
            except (VerificationError, KeyError) as error:  # indistinguishable from a forgery
                raise forged from error
            if found < newest:
                raise RolledBack(f"that of version {found}, while the authenticated one is version {newest}")
            raise Inconsistent("genuine, but not the file that the targets metadata names")
    for kind in kinds:
        if kind not in targets.others:
            with run.record.recording("V25"):
                targets.copy(kind)
    if kinds:
        return f"{len(kinds)} targets"
    if any(map(targets.kept, TARGETS_BY_NAME.values())):
        return "the public paths of what had changed; what an earlier run kept was not fetched"
    return "the public paths; the copies below /trust/targets/ were not requested"


def _other_register(run: Round, data: bytes, _newest: int) -> int:
    """Return a register's version number, if it is signed and equal to the file served for that version."""
    version = decode(data, Register).version
    path = tree.VERSION_REGISTER.path(version)
    if run.get(path) != data:
        raise Forged("not a version that is served")
    if not is_signed(run, run.keys.document, path, data, version):
        raise Forged("not signed")
    return version


def _other_checkpoint(run: Round, data: bytes, newest: int) -> int:
    """Return a checkpoint's size; raise ``Forked`` if its root differs from the known one of that size."""
    keys = run.keys.document
    other, mine = open_head(data, keys), open_head(run.targets.copy(tree.CHECKPOINT), keys, newest)
    if other.size == mine.size and other.root != mine.root:
        raise Forked(
            f"a second root for the size {other.size}, also signed",
            documents=[Document.of_checkpoint(other.size, other.root, data)],
        )
    return other.size


def _other_feed(run: Round, data: bytes, _newest: int) -> int:
    """Return the newest version in a feed, if its XML signature is valid."""
    keys = run.keys.document
    newest = max((entry.version for entry in read_atom(data, keys.register)), default=0)
    check_xml_signature(run, keys, tree.FEED_ATOM.path(), data, newest)
    return newest


def _other_keys(run: Round, data: bytes, _newest: int) -> int:
    """Raise for any list of keys, since only the targets metadata authenticates one."""
    known = {key.kid: key for key in run.keys.document.keys}
    for key in decode(data, KeyList).keys:
        mine = known.get(key.kid)
        if mine is None or key not in (mine, msgspec.structs.replace(mine, last_version=None, ended=None)):
            raise Forged("not the authenticated list of keys")
    raise RolledBack("a list without the newest keys or without the ends of older ones")


_OTHERS = {
    tree.REGISTER: _other_register,
    tree.CHECKPOINT: _other_checkpoint,
    tree.FEED_ATOM: _other_feed,
    tree.KEYS: _other_keys,
}


def check_head_files(run: Round) -> str:
    """Check the list of head files and each file in it (V34)."""
    targets, keys, newest = run.targets, run.keys.document, run.register.document
    data = targets.read(tree.HEADS)
    path = tree.HEADS.path()
    listed = decode(data, HeadFiles, max_bytes=tree.HEADS.max_bytes)
    if (listed.register, listed.version) != (newest.register, newest.version):
        raise Inconsistent(f"{path} is not the list of version {newest.version} of {newest.register!r}")
    names = [file.path for file in listed.files]
    if names != sorted(set(names)):
        raise Malformed(f"{path} does not name files in order of path, each once")
    if tree.HEADS not in targets.others:
        check_signatures(run, keys, "V34", path, data, _signed_for(run, keys, data, newest.version))
    run.expect(len(names))
    for file in listed.files:
        run.advance(file.path)
        with run.record.recording("V34", file.path):
            check_path(file.path)
            for sha256, size in run.fetched(file.path):
                if sha256 != file.sha256:
                    raise Forged(f"not the file that {path} lists")
                if size != file.size:
                    raise Inconsistent(f"has another length than {path} says")
    # Files served but not listed are reported, not failed: a host may have its own ``security.txt``.
    for other in sorted({kind.path() for kind in LISTED if not kind.parameters} - set(names)):
        with contextlib.suppress(Unreachable, Malformed):
            run.get(other)
            run.unlisted.append(other)
    return f"{len(names)} files"


def _signed_for(run: Round, keys: KeyList, data: bytes, newest: int) -> int:
    """Return the version that the list's key must be good for: the newest, or the next.

    The list may be rewritten between two versions, when the newest version's key is no longer available.
    """
    for version in (newest, newest + 1):
        with contextlib.suppress(UntrustedKey):
            if is_signed(run, keys, tree.HEADS.path(), data, version):
                return version
    return newest


_NAMED_BY = ("day", "what", "subprocessor", "engagement", "planned")
"""Members that identify an event."""


def check_upcoming(run: Round) -> str:
    """Recalculate the upcoming events of the newest register and compare the published list (V29)."""
    expected = _expected(run.register)
    path, most, newest = tree.UPCOMING.path(), tree.UPCOMING.max_bytes, run.register.document
    data = run.get(path)
    with naming(path):
        published = decode(data, UpcomingEvents, max_bytes=most)
        if published.format_minor != newest.format_minor:
            raise Inconsistent("not of the same minor number of the format as the register")
        if published.format_minor == FORMAT_MINOR:
            agrees = published == expected
        else:
            mine, theirs = (parse(form, max_bytes=most) for form in (encode(expected), data))
            agrees = _agrees(theirs, mine, newer=published.format_minor > FORMAT_MINOR)
        if not agrees:
            raise Inconsistent("differs from what follows from the register")
    number = len(expected.upcoming)
    return f"{number} {'event' if number == 1 else 'events'} from {expected.as_of.isoformat()} on"


def _expected(newest: Encoded[Register]) -> UpcomingEvents:
    register, later = newest.document, "a later minor number of the format is not judged: "
    try:
        zone = zone_of(register.publisher.time_zone)
    except Malformed as error:
        raise NotApplicable(error.message) from error
    try:
        return upcoming_document(newest, zone)
    except Malformed as error:
        if register.format_minor > FORMAT_MINOR:
            raise NotApplicable(later + error.message) from error
        raise


def _agrees(published: Any, expected: Any, *, newer: bool) -> bool:
    """Compare documents of two minor versions of the format by the members that both know."""
    mine, theirs = (
        {tuple(row.get(name) for name in _NAMED_BY): row for row in document.pop("upcoming")}
        for document in (expected, published)
    )
    if not (mine.keys() <= theirs.keys() if newer else mine.keys() == theirs.keys()):
        return False
    unjudged = {"format_minor", "type"} if newer else {"format_minor"}
    pairs = [(published, expected), *((theirs[name], row) for name, row in mine.items())]
    return all(_shared(one, other, unjudged) for one, other in pairs)


def _shared(published: Any, expected: Any, unjudged: set[str]) -> bool:
    if not (isinstance(published, dict) and isinstance(expected, dict)):
        return bool(published == expected)
    names = published.keys() & expected.keys() - unjudged
    return all(_shared(published[name], expected[name], unjudged) for name in names)
