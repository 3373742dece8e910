"""What earlier versions say, told by the versions themselves: their digests are in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.clock import zone_of
from register_api.core.canonical import decode, digest
from register_api.core.diff.changes import Diff
from register_api.core.format import tree
from register_api.core.instant import local_day
from register_api.core.language.changes import Sentences
from register_api.core.model import Register
from register_api.core.notice import Promises
from register_api.errors import Forged
from register_api.publish.feed.entry import VersionSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.canonical import Encoded
    from register_api.core.documents import Entry, VersionList
    from register_api.core.format.kind import FileKind
    from register_api.publish.examine import Examined
    from register_api.publish.memory import SignedHead
    from register_api.publish.trust.metadata import Read


def logged_file(entry: Entry, kind: FileKind, read: Read) -> bytes:
    """Return a file of a version, which has to be the one that the log's entry names."""
    path = kind.path(entry.version)
    data = read(path)
    if digest(data) not in {file.sha256 for file in entry.files if file.path == path}:
        raise Forged(f"{path} is not the file that the log names", path=path)
    return data


def promises_after(
    known: SignedHead | None, newest: Encoded[Register], listed: VersionList, read: Read
) -> Promises:
    """Return all notice promises of a register, reading those versions that are not known yet."""
    zone = zone_of(newest.document.publisher.time_zone)
    promises = Promises(zone=zone, first_live=None, policies=())
    begin = 0
    if known is not None and known.size <= len(listed.versions):
        promises = Promises(zone=zone, first_live=known.first_live, policies=known.policies)
        begin = known.size
    for entry in listed.versions[begin:]:
        data = logged_file(entry, tree.VERSION_REGISTER, read)
        register = newest.document if data == newest.data else decode(data, Register)
        day = local_day(register.published_at, zone_of(register.publisher.time_zone))
        live = register.recorded == "live"
        promises = promises.joined_by(register.version, day, register.notice, live=live)
    return promises


def told_again(found: Examined, read: Read, first: int, last: int) -> Iterator[VersionSummary]:
    """Yield published versions as their pages tell of them; one at a time is in memory."""
    entries = found.versions.document.versions
    before = _register(entries[first - 2], read) if first > 1 else None
    for entry in entries[first - 1 : last]:
        register = _register(entry, read)
        yield VersionSummary(
            register=register,
            diff=decode(logged_file(entry, tree.VERSION_DIFF, read), Diff),
            size=entry.version,
            root_hash=bytes.fromhex(found.root_at(entry.version)),
            sentences=Sentences.between(before, register, zone_of(register.publisher.time_zone)),
        )
        before = register


def _register(entry: Entry, read: Read) -> Register:
    return decode(logged_file(entry, tree.VERSION_REGISTER, read), Register)
