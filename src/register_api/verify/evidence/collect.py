"""Makes a package: a version is verified as it is served, its files are gathered, and verified again."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from register_api.core.canonical import decode, digest
from register_api.core.documents import MAX_ENTRY_BYTES, Entry
from register_api.core.format import tree
from register_api.core.format.paths import is_signed, kind_of
from register_api.core.log import tile_proofs
from register_api.errors import UsageError
from register_api.verify.checks.version_history import check_one
from register_api.verify.engine import look
from register_api.verify.evidence.archive import README
from register_api.verify.evidence.contents import Contents
from register_api.verify.evidence.evidence_report import EvidenceReport
from register_api.verify.evidence.offline import examine, make_report
from register_api.verify.evidence.package import make_archive
from register_api.verify.evidence.readme import make_readme
from register_api.verify.fetch.fetcher import NotServed
from register_api.verify.report.outcome import make_report as make_served_report
from register_api.verify.report.report import Report

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from register_api.verify.checks.session import Options, Progress, Session
    from register_api.verify.fetch.fetcher import Fetcher


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What came of making a package.

    Attributes:
        served: The report on what is served.
        package: The report on the package; ``None`` when what is served did not hold.
        data: Bytes of the package; ``None`` unless both hold.
    """

    served: Report
    package: EvidenceReport | None = None
    data: bytes | None = None


def make_evidence(
    base: str,
    fetcher: Fetcher,
    version: int,
    options: Options,
    now: dt.datetime,
    progress: Progress | None = None,
) -> Made:
    """Verify a version where it is served, and gather what proves it.

    Args:
        base: Name of the place, for the report.
        fetcher: Gives the tree.
        version: Number of the version.
        options: The root to begin from, and time authorities; history is looked at for this version alone.
        now: The present instant, UTC.
        progress: Called with steps done, steps there are, and what comes next.

    Raises:
        UsageError: There is no such version yet, or the given root cannot be read.
    """
    wishes = msgspec.structs.replace(options, history="none", state=None)
    session = look(fetcher, wishes, now, None, progress)
    if session.record.holds("V08"):
        if version > session.checkpoint.size:
            raise UsageError(f"there is no version {version}: the newest is {session.checkpoint.size}")
        check_one(session, version)
    served = make_served_report(base, session, ())
    if served.exit_code:
        return Made(served=served)
    contents = Contents(_gather(session, version), wishes)
    return _pack(served, contents, version, now)


def _pack(served: Report, contents: Contents, version: int, now: dt.datetime) -> Made:
    """Verify the package as its reader will, before there is a file; with README.txt at last."""
    contents.version = version
    contents.record.passed("E01", f"{len(contents.files)} files of version {version}")
    examine(contents)
    report = make_report("the package", "", contents, now)
    if report.exit_code:
        return Made(served=served, package=report)
    files = {**contents.files, README: make_readme(contents)}
    data = make_archive(files, contents.register.published_at)
    return Made(served=served, package=msgspec.structs.replace(report, file_sha256=digest(data)), data=data)


def _gather(session: Session, version: int) -> dict[str, bytes]:
    """Return the files of a package by path; what was read before is not read again."""
    files = dict(_trust(session))
    for kind in (tree.KEYS, tree.CHECKPOINT):
        data = session.target(kind)
        files |= {session.trusted.copy_path(kind): data, kind.path(): data}
    files[tree.CHECKPOINT.path()] = session.checkpoint_data
    for path in _paths(session, version):
        files[path] = session.read_log(path)
    return files | _time_stamp(session, version)


def _time_stamp(session: Session, version: int) -> dict[str, bytes]:
    """Return the stamp of the version's checkpoint, else of the newest, else nothing."""
    for size in (version, session.checkpoint.size):
        with contextlib.suppress(NotServed):
            return {tree.TIME_STAMP.path(size): session.get(tree.TIME_STAMP.path(size))}
    return {}


def _paths(session: Session, version: int) -> Iterator[str]:
    entry = tree.VERSION_ENTRY.path(version)
    named = decode(session.read_log(entry), Entry, max_bytes=MAX_ENTRY_BYTES)
    yield from (entry, tree.VERSION_PROOF.path(version))
    yield from (file.path for file in named.files)
    for path in (file.path for file in named.files if is_signed(file.path)):
        yield from (signature.of(path) for signature in kind_of(path).signatures)
    yield from (tree.PUBLIC_KEY.path(key.kid) for key in session.keys.keys)
    if version < session.checkpoint.size:
        yield from tile_proofs.tiles_for_consistency(version, session.checkpoint.size)


def _trust(session: Session) -> Iterator[tuple[str, bytes]]:
    """Yield the chain of roots and the metadata that the round trusted."""
    metadata = session.trusted.metadata
    newest = max(session.trusted.roots)
    for version in range(1, newest):
        path = tree.ROOT.path(version)
        yield path, session.get(path)
    yield tree.ROOT.path(newest), metadata["root"]
    yield tree.TIMESTAMP.path(), metadata["timestamp"]
    for role, kind in (("snapshot", tree.SNAPSHOT), ("targets", tree.TARGETS)):
        yield kind.path(session.trusted.versions[role]), metadata[role]
