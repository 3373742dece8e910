"""The list of head files: what a publication has written anew, and what stays of the list before."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from register_api.core.canonical import digest, encode
from register_api.core.documents import FileDigest, HeadFiles
from register_api.core.format import tree
from register_api.core.format.paths import kind_of
from register_api.core.forms import FORMAT_MINOR
from register_api.core.model import Register
from register_api.errors import Forged


def digests_of(heads: HeadFiles | None) -> dict[str, str]:
    """Return the SHA-256 (hex) of each file of a list by path; nothing where there is no list yet."""
    return {file.path: file.sha256 for file in heads.files} if heads else {}


def check_listed(path: str, data: bytes, digests: Mapping[str, str]) -> None:
    """Check that a file is the one that the signed list names."""
    if digests.get(path) != digest(data):
        raise Forged(f"{path} is not the file that {tree.HEADS.path()} lists", path=path)


def head_files(
    before: HeadFiles | None, made: Mapping[str, bytes], gone: Collection[str], register: Register
) -> bytes:
    """Return ``heads.json``: digests of the files made now, and those that were signed before.

    What stays is never read from the store: its digest is the one that was signed when it was made.
    """
    files = {file.path: file for file in before.files if file.path not in gone} if before else {}
    for path, data in made.items():
        if kind_of(path).listed:
            files[path] = FileDigest(path=path, sha256=digest(data), size=len(data))
    listed = HeadFiles(
        files=tuple(file for _, file in sorted(files.items())),
        format_minor=max(FORMAT_MINOR, before.format_minor if before else 0),
        register=register.register,
        version=register.version,
    )
    return encode(listed)
