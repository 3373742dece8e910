"""Every address that is answered with a stored file: ``core.format.tree`` as the manual shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from register_api.core import documents
from register_api.core.diff.changes import Diff
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.serve.answer.questions import SLUG

if TYPE_CHECKING:
    from collections.abc import Iterator


class PathParameter(msgspec.Struct, frozen=True):
    """What stands for a placeholder.

    Attributes:
        description: What it is, for the manual.
        form: JSON Schema of its values.
        shape: A value of that form; whether the tree has it does not matter.
    """

    description: str
    form: dict[str, Any]
    shape: str


class StoredPath(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of stored file.

    Attributes:
        url: Address with placeholders.
        group: Under which heading the manual shows it.
        summary: What it is.
        answer: The struct its bytes encode, if one does.
    """

    url: str
    group: str
    summary: str
    answer: type | None = None


_NUMBER = {"type": "integer", "minimum": 1, "maximum": 999_999_999}

PARAMETERS: dict[str, PathParameter] = {
    "n": PathParameter("Number of a version", _NUMBER, "1"),
    "id": PathParameter("Id of a sub-processor", SLUG, "a"),
    "kid": PathParameter(
        "RFC 7638 thumbprint of a key", {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}, "A" * 43
    ),
    "name": PathParameter("Kind of document", {"type": "string", "pattern": "^[a-z]+$"}, "register"),
    "k": PathParameter("Number of an archive page", _NUMBER, "1"),
    "v": PathParameter("Version of the metadata", _NUMBER, "1"),
    "sha256": PathParameter(
        "SHA-256 of the file in hex", {"type": "string", "pattern": "^[0-9a-f]{64}$"}, "0" * 64
    ),
    "level": PathParameter(
        "Level of the tile, or entries", {"type": "string", "pattern": "^([0-9]|entries)$"}, "0"
    ),
    "tile": PathParameter(
        "Index of the tile, of three digits", {"type": "string", "pattern": "^[0-9]{3}$"}, "000"
    ),
    "width": PathParameter(
        "How many hashes or entries are in it", {"type": "integer", "minimum": 1, "maximum": 255}, "1"
    ),
}
"""Placeholders of stored addresses by name, as docs/format.md names them."""

_VERSION = "/v1/versions/{n}/"

_PLAIN = (
    ("/v1/register.json", "Register", "The newest register", Register),
    ("/v1/versions.json", "Versions", "Every entry of the log, oldest first", documents.VersionList),
    (f"{_VERSION}register.json", "Versions", "The register as a version said it", Register),
    (f"{_VERSION}diff.json", "Versions", "What a version changed", Diff),
    (f"{_VERSION}entry.json", "Versions", "The log's entry for a version", documents.Entry),
    (f"{_VERSION}entry.tlog-proof", "Versions", "Proof that the log holds the entry", None),
    ("/v1/keys.json", "Keys", "Every document, log and feed key there ever was", documents.KeyList),
    ("/v1/keys/{kid}.pem", "Keys", "One of these keys", None),
    ("/v1/schema/{name}.json", "Discovery", "JSON Schema of a kind of document", None),
    ("/feed.atom", "Feeds", "The changes as an Atom feed", None),
    ("/feed.json", "Feeds", "The changes as a JSON Feed", None),
    ("/feed/{k}.atom", "Feeds", "An archive page of the Atom feed", None),
    ("/log/checkpoint", "Log", "Size and root of the log, signed", None),
    ("/log/checkpoints/{n}.tsr", "Log", "An authority's time stamp on the checkpoint of size n", None),
    ("/log/tile/{level}/{tile}", "Log", "A full tile of the log, of the first thousand", None),
    ("/log/tile/{level}/{tile}.p/{width}", "Log", "A partial tile of the log", None),
    ("/trust/timestamp.json", "Trust", "TUF timestamp: until when all this is fresh", None),
    ("/trust/{v}.root.json", "Trust", "TUF root: who may sign what", None),
    ("/trust/{v}.snapshot.json", "Trust", "TUF snapshot", None),
    ("/trust/{v}.targets.json", "Trust", "TUF targets", None),
    ("/trust/targets/{sha256}.register.json", "Trust", "The register as a TUF target", Register),
    ("/trust/targets/{sha256}.keys.json", "Trust", "The list of keys as a TUF target", documents.KeyList),
    ("/trust/targets/{sha256}.feed.atom", "Trust", "The feed as a TUF target", None),
    ("/trust/targets/{sha256}.checkpoint", "Trust", "The checkpoint as a TUF target", None),
    ("/.well-known/sub-processors.json", "Discovery", "Which registers there are", documents.Discovery),
    ("/.well-known/api-catalog", "Discovery", "What can be read here (RFC 9727)", None),
    ("/.well-known/security.txt", "Discovery", "Whom to tell of a weakness (RFC 9116), if stated", None),
    ("/", "Pages", "The register for people", None),
    ("/versions/{n}/", "Pages", "What a version changed, for people", None),
    ("/subprocessors/{id}/", "Pages", "One sub-processor for people", None),
)

_SIGNED = (
    "/v1/register.json",
    "/v1/versions.json",
    f"{_VERSION}register.json",
    f"{_VERSION}diff.json",
    "/feed.atom",
    "/feed.json",
    "/feed/{k}.atom",
)
_SIGNATURES = (
    (tree.RAW_SIGNATURE.of, "Raw Ed25519 signature over {}"),
    (tree.JWS.of, "Detached JWS over {}"),
)


def stored_paths() -> Iterator[StoredPath]:
    """Yield every kind of stored file, signatures last."""
    for url, group, summary, answer in _PLAIN:
        yield StoredPath(url=url, group=group, summary=summary, answer=answer)
    for url in _SIGNED:
        for beside, summary in _SIGNATURES:
            yield StoredPath(url=beside(url), group="Signatures", summary=summary.format(url))
        if url.endswith(".atom"):
            summary = f"XML signature over {url}"
            yield StoredPath(url=tree.XML_SIGNATURE.of(url), group="Signatures", summary=summary)


def is_text(media_type: str) -> bool:
    """Tell whether files of a media type can be shown as text."""
    return media_type.startswith("text/") or any(form in media_type for form in _TEXT_FORMS)


_TEXT_FORMS = ("json", "xml", "jose", "pem")


def file_of(url: str) -> str:
    """Return the path in the tree of a stored address; a folder is its page."""
    path = url.removeprefix("/")
    return path + tree.INDEX.path() if not path or path.endswith("/") else path
