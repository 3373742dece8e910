"""The list of head files, and every file that it vouches for (V34)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from register_api.core.canonical import decode
from register_api.core.documents import FileDigest, HeadFiles, KeyList
from register_api.core.format import tree
from register_api.core.format.paths import LISTED
from register_api.core.model import Register
from register_api.errors import Forged, Inconsistent, Malformed, Unreachable, UntrustedKey
from register_api.verify.checks.run import Run
from register_api.verify.checks.signatures import check_signatures, is_signed
from register_api.verify.checks.targets import Targets
from register_api.verify.fetch.fetcher import check_path

CHECK = "V34"


def check_head_files(run: Run, targets: Targets, keys: KeyList, newest: Register) -> str:
    """Check the list of head files, and each file that it names (V34)."""
    data = targets.read(tree.HEADS)
    path = tree.HEADS.path()
    listed = decode(data, HeadFiles, max_bytes=tree.HEADS.max_bytes)
    if (listed.register, listed.version) != (newest.register, newest.version):
        raise Inconsistent(f"{path} is not the list of version {newest.version} of {newest.register!r}")
    names = [file.path for file in listed.files]
    if names != sorted(set(names)):
        raise Malformed(f"{path} does not name files in order of path, each once")
    if tree.HEADS not in targets.others:
        check_signatures(run, keys, CHECK, path, data, _signed_for(run, keys, data, newest.version))
    run.expect(len(names))
    for file in listed.files:
        run.advance(file.path)
        with run.record.recording(CHECK, file.path):
            _check_listed(run, file)
    run.unvouched += _unlisted(run, {kind.path() for kind in LISTED if not kind.parameters} - set(names))
    return f"{len(names)} files"


def _signed_for(run: Run, keys: KeyList, data: bytes, newest: int) -> int:
    """Return for which version the list's key has to be good.

    That is the newest one, or the next: between two versions the list may be written anew, when the key
    of the newest version is no longer at hand.
    """
    for version in (newest, newest + 1):
        with contextlib.suppress(UntrustedKey):
            if is_signed(run, keys, tree.HEADS.path(), data, version):
                return version
    return newest


def _check_listed(run: Run, file: FileDigest) -> None:
    """Compare a file, as often as this run has read it, with what the list says."""
    check_path(file.path)
    for sha256, size in run.seen(file.path):
        if sha256 != file.sha256:
            raise Forged(f"not the file that {tree.HEADS.path()} lists")
        if size != file.size:
            raise Inconsistent(f"has another length than {tree.HEADS.path()} says")


def _unlisted(run: Run, paths: Iterable[str]) -> Iterator[str]:
    """Yield what is served although the list does not name it, of files of which there is one.

    That is told and is not a finding: a host may have a ``security.txt`` of its own.
    """
    for path in sorted(paths):
        with contextlib.suppress(Unreachable, Malformed):
            run.get(path)
            yield path
