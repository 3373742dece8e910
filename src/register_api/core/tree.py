"""The tree: which path holds what, under which media type, and how long it stays the same.

URL path = file path below the store's ``public`` folder, written here without the leading slash
(docs/format.md, The tree). Paths of pages end in ``index.html``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

Cache = Literal["fixed", "head", "no-cache"]
"""``fixed`` bytes never change, ``head`` change with a publication, ``no-cache`` between them."""

REGISTER = "v1/register.json"
VERSIONS = "v1/versions.json"
KEYS = "v1/keys.json"
CHECKPOINT = "log/checkpoint"
FEED_ATOM = "feed.atom"
FEED_JSON = "feed.json"
TIMESTAMP = "trust/timestamp.json"
INDEX = "index.html"
DISCOVERY = ".well-known/sub-processors.json"
API_CATALOG = ".well-known/api-catalog"
SECURITY_TXT = ".well-known/security.txt"

TRUST_URL = "trust/"
TARGETS_URL = "trust/targets/"


def version_register(version: int) -> str:
    """Return the path of the register as a version said it."""
    return f"v1/versions/{version}/register.json"


def version_diff(version: int) -> str:
    """Return the path of what a version changed against the one before."""
    return f"v1/versions/{version}/diff.json"


def version_entry(version: int) -> str:
    """Return the path of the log's entry for a version."""
    return f"v1/versions/{version}/entry.json"


def version_proof(version: int) -> str:
    """Return the path of the proof that the log of that size holds the version's entry."""
    return f"v1/versions/{version}/entry.tlog-proof"


def time_stamp(size: int) -> str:
    """Return the path of the time stamp on the checkpoint of a size."""
    return f"log/checkpoints/{size}.tsr"


def version_page(version: int) -> str:
    """Return the path of a version's page for people."""
    return f"versions/{version}/index.html"


def subprocessor_page(subprocessor: str) -> str:
    """Return the path of a vendor's page for people."""
    return f"subprocessors/{subprocessor}/index.html"


def public_key(kid: str) -> str:
    """Return the path of a public key's PEM file."""
    return f"v1/keys/{kid}.pem"


def schema(name: str) -> str:
    """Return the path of a JSON Schema."""
    return f"v1/schema/{name}.json"


def feed_archive(page: int) -> str:
    """Return the path of a fixed archive page of the feed (RFC 5005 section 4)."""
    return f"feed/{page}.atom"


def raw_signature(path: str) -> str:
    """Return the path of the raw Ed25519 signature beside a document."""
    return path + ".sig"


def jws(path: str) -> str:
    """Return the path of the detached JWS beside a document."""
    return path + ".jws"


def feed_signature(path: str) -> str:
    """Return the path of the XML signature beside a feed."""
    return path + ".dsig"


class Kind(msgspec.Struct, frozen=True):
    """What is the same for all files of one kind.

    Attributes:
        media_type: As sent in ``Content-Type``.
        cache: Cache class (docs/format.md, HTTP).
        settled: Whether later publications leave the file as it is; such files grow in number.
        compress: Whether compressed forms are worth keeping.
    """

    media_type: str
    cache: Cache
    settled: bool
    compress: bool


_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_OCTETS = "application/octet-stream"
_HTML = "text/html; charset=utf-8"
_SIGNATURE_TYPES = ((".sig", _OCTETS), (".jws", "application/jose"), (".dsig", "application/xml"))

_ROWS: tuple[tuple[str, str, Cache, bool, bool], ...] = (
    (r"v1/versions/[1-9]\d*/(register|diff|entry)\.json", _JSON, "fixed", True, True),
    (r"v1/versions/[1-9]\d*/entry\.tlog-proof", _TEXT, "fixed", True, False),
    (r"v1/keys/[A-Za-z0-9_-]{43}\.pem", "application/x-pem-file", "fixed", True, False),
    (r"v1/(register|versions|keys)\.json", _JSON, "head", False, True),
    (r"v1/schema/[a-z]+\.json", _JSON, "head", False, True),
    (r"feed\.atom", "application/atom+xml", "head", False, True),
    (r"feed/[1-9]\d*\.atom", "application/atom+xml", "fixed", True, True),
    (r"feed\.json", "application/feed+json", "head", False, True),
    (r"log/checkpoint", _TEXT, "head", False, False),
    (r"log/checkpoints/[1-9]\d*\.tsr", "application/timestamp-reply", "fixed", True, False),
    (r"log/tile/(\d+|entries)(/x\d{3})*/\d{3}(\.p/[1-9]\d*)?", _OCTETS, "fixed", True, False),
    (r"trust/timestamp\.json", _JSON, "no-cache", False, False),
    (r"trust/[1-9]\d*\.(root|snapshot|targets)\.json", _JSON, "fixed", True, True),
    (r"trust/targets/[0-9a-f]{64}\.(register|keys)\.json", _JSON, "fixed", True, True),
    (r"trust/targets/[0-9a-f]{64}\.feed\.atom", "application/atom+xml", "fixed", True, True),
    (r"trust/targets/[0-9a-f]{64}\.checkpoint", _TEXT, "fixed", True, False),
    (r"index\.html|subprocessors/[a-z0-9-]+/index\.html", _HTML, "head", False, True),
    (r"versions/[1-9]\d*/index\.html", _HTML, "head", True, True),
    (r"\.well-known/sub-processors\.json", _JSON, "head", False, True),
    (r"\.well-known/api-catalog", "application/linkset+json", "head", False, True),
    (r"\.well-known/security\.txt", _TEXT, "head", False, False),
)
"""Pattern, media type, cache class, settled, compress: one row a kind of file."""

_KINDS = tuple(
    (re.compile(pattern), Kind(media_type, cache, settled, compress))
    for pattern, media_type, cache, settled, compress in _ROWS
)


def kind_of(path: str) -> Kind:
    """Return what is known of a path's kind; a signature is cached and kept as its document.

    Raises:
        KeyError: No file of the tree has such a path.
    """
    for suffix, media_type in _SIGNATURE_TYPES:
        if path.endswith(suffix):
            document = kind_of(path.removesuffix(suffix))
            return Kind(media_type, document.cache, document.settled, compress=False)
    for pattern, kind in _KINDS:
        if pattern.fullmatch(path):
            return kind
    raise KeyError(path)


_SIGNED = r"v1/(?:register|versions)\.json|v1/versions/[1-9]\d*/(?:register|diff)\.json|feed\.json"
_SIGNED_FEED = r"feed\.atom|feed/[1-9]\d*\.atom"
_BESIDE = re.compile(rf"(?:{_SIGNED}|{_SIGNED_FEED})\.(?:sig|jws)|(?:{_SIGNED_FEED})\.dsig")
"""Signatures that there are: not every file has some (docs/format.md, Signatures on documents)."""


def is_path(path: str) -> bool:
    """Tell whether the format knows such a path; a signature only beside what is signed."""
    if path.endswith(tuple(suffix for suffix, _ in _SIGNATURE_TYPES)):
        return _BESIDE.fullmatch(path) is not None
    return any(pattern.fullmatch(path) for pattern, _ in _KINDS)


def kinds() -> Iterator[tuple[str, Kind]]:
    """Yield every kind of file with the pattern of its paths: a regular expression for the whole path.

    The patterns use what Python, PCRE and RE2 understand alike. Signatures come first, grouped by how
    long they hold, since their paths begin as those of their documents.
    """
    for suffix, media_type in _SIGNATURE_TYPES:
        for cache in ("fixed", "head"):
            rows = [row[0] for row in _ROWS if row[2] == cache and _is_signed(row[0])]
            pattern = rf"(?:{'|'.join(rows)}){re.escape(suffix)}"
            yield pattern, Kind(media_type, cache, settled=cache == "fixed", compress=False)
    for pattern, media_type, cache, settled, compress in _ROWS:
        yield pattern, Kind(media_type, cache, settled, compress)


def number_of(path: str) -> int:
    """Return which of ``kinds`` a path belongs to, by its place among them.

    Raises:
        KeyError: No file of the tree has such a path.
    """
    for number, (pattern, _) in enumerate(kinds()):
        if re.fullmatch(pattern, path):
            return number
    raise KeyError(path)


def _is_signed(pattern: str) -> bool:
    """Tell whether some files of a kind have signatures beside them."""
    return pattern.startswith(("v1/versions/", "v1/(register", "feed")) and "tlog" not in pattern
