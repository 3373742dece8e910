"""``Repr-Digest`` of files that never change, for a host that cannot compute it (RFC 9530)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from register_api.core import strict_base64

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _Form(Protocol):
    @property
    def sha256(self) -> str: ...


class _Entry(_Form, Protocol):
    @property
    def cache(self) -> str: ...

    @property
    def encodings(self) -> Mapping[str, _Form]: ...


def lasting_digests(files: Mapping[str, _Entry], prefix: str) -> dict[str, str]:
    """Return the digests that stay right whatever is published next.

    Args:
        files: The store's manifest: path to digest, cache class and ready forms.
        prefix: Path below which the tree lies, without its last slash.

    Returns:
        Value of ``Repr-Digest`` by content coding (empty for the plain form), space and URL path.
    """
    return dict(row for path, entry in files.items() for row in _rows(f"{prefix}/{path}", entry))


def _rows(url: str, entry: _Entry) -> Iterator[tuple[str, str]]:
    if entry.cache != "immutable":
        return
    for coding, form in (("", entry), *entry.encodings.items()):
        digest = strict_base64.encode(bytes.fromhex(form.sha256))
        yield f"{coding} {url}", f"sha-256=:{digest}:"
