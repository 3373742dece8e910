"""Kinds of files, with the parameters and signatures in their paths."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from register_api.core.canonical import decodable

KIB = 2**10
MIB = 2**20

CacheClass = Literal["immutable", "mutable", "no-cache"]
"""``immutable`` never changes, ``mutable`` changes with publications, ``no-cache`` also between them."""

Stage = Literal["version", "trust", "head", "checkpoint", "timestamp"]
"""Groups of files in the order in which a publication writes them, each durable before the next."""

_PARAMETER = re.compile(r"\{(\w+)\}")
_NAMED_GROUP = re.compile(r"\(\?P<\w+>")
_NUMBER = r"[1-9][0-9]{0,8}"


class PathParameter(msgspec.Struct, frozen=True):
    """A path parameter: its pattern, without groups, is valid in Python, PCRE and RE2."""

    pattern: str
    description: str
    example: str


PARAMETERS: dict[str, PathParameter] = {
    "language": PathParameter("[a-z]{2}", "A language other than the main one (BCP 47)", "de"),
    "version": PathParameter(_NUMBER, "Number of a version", "7"),
    "size": PathParameter(_NUMBER, "Size of the log", "7"),
    "page": PathParameter(_NUMBER, "Number of an archive page", "7"),
    "metadata_version": PathParameter(_NUMBER, "Version of the metadata", "7"),
    "subprocessor": PathParameter("[a-z0-9-]+", "Id of a sub-processor", "acme-cloud"),
    "category": PathParameter("[a-z0-9-]+", "Id of a category", "hosting"),
    "kid": PathParameter("[A-Za-z0-9_-]{43}", "RFC 7638 thumbprint of a key", "A" * 43),
    "name": PathParameter("[a-z]+", "Name of a schema", "register"),
    "minor": PathParameter("0|[1-9][0-9]{0,8}", "Minor number of the format", "0"),
    "sha256": PathParameter("[0-9a-f]{64}", "SHA-256 of the file in hex", "0" * 64),
    "level": PathParameter("[0-9]{1,2}", "Level of the tile", "0"),
    "tile": PathParameter("(?:x[0-9]{3}/)*[0-9]{3}", "Index of the tile", "000"),
    "width": PathParameter("[1-9][0-9]{0,2}", "How many hashes or entries are in it", "7"),
}
"""Parameters by name, as used in path templates and docs/format/tree.md."""


class MediaType(msgspec.Struct, frozen=True):
    """A media type as sent in ``Content-Type``, and whether files are stored compressed, too."""

    name: str
    compress: bool


class Signature(msgspec.Struct, frozen=True):
    """A form of signature of a document: suffixes of its path and of its ``operationId``."""

    suffix: str
    operation: str
    summary: str
    media_type: str
    max_bytes: int

    def of(self, path: str) -> str:
        """Return the path of this signature of a document."""
        return path + self.suffix


class Schema(msgspec.Struct, frozen=True):
    """A form of JSON document: name of its JSON Schema, the struct that encodes it, a title."""

    name: str
    struct: type
    title: str

    def __post_init__(self) -> None:
        """Prepare the struct for ``decode`` in several threads."""
        decodable(self.struct)


class FileKind(msgspec.Struct, frozen=True, eq=False):
    """One kind of file: a row of the table (``core.format.tree``).

    Attributes:
        template: Path in the tree, without leading slash, with parameters in braces.
        operation: ``operationId`` of OpenAPI, stable within ``/1``.
        cache: How long its bytes stay the same.
        signatures: Its signatures, stored beside it.
        schema: The form of its document, if a struct encodes it.
        target: Name of the TUF target with its newest bytes.
        checks: Numbers of the ``verify`` checks that cover it.
        unchecked: Why no check covers it, for customers. A row has either.
        relation: Link relation in the API catalog (RFC 9264).
        in_entry: Whether the log entry of a version lists it.
        listed: Whether the signed list of head files covers it.
        optional: Whether a tree may lack it.
        max_bytes: Maximum size that a reader accepts.
        runs: Whether it is a page with its own script that connects to any register.
        loads: Whether it is a page that loads the tree's script.
        written: Stage in which it is written, if not the default of its cache class.
    """

    template: str
    operation: str
    summary: str
    media: MediaType
    cache: CacheClass
    signatures: tuple[Signature, ...] = ()
    schema: Schema | None = None
    target: str | None = None
    checks: tuple[str, ...] = ()
    unchecked: str = ""
    relation: str | None = None
    in_entry: bool = False
    listed: bool = False
    optional: bool = False
    max_bytes: int = 16 * MIB
    runs: bool = False
    loads: bool = False
    written: Stage | None = None

    def __post_init__(self) -> None:
        if bool(self.checks) == bool(self.unchecked):
            raise ValueError(f"{self.template}: either checks, or a reason why there are none")

    def path(self, *values: object) -> str:
        """Return the path of such a file; the values are those of its parameters, in order."""
        return self.template.format(**dict(zip(self.parameters, values, strict=True)))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the path parameters."""
        return tuple(_PARAMETER.findall(self.template))

    @property
    def example(self) -> str:
        """An example path, not necessarily in any tree."""
        return self.path(*(PARAMETERS[name].example for name in self.parameters))

    @property
    def pattern(self) -> str:
        """Regular expression of the whole path, without groups; valid in Python, PCRE and RE2."""
        return _NAMED_GROUP.sub("(?:", self.named_pattern)

    @property
    def target_name(self) -> str:
        """Name of the TUF target with its newest bytes; ``ValueError`` if there is none."""
        if self.target is None:
            raise ValueError(f"{self.template} is not a TUF target")
        return self.target

    @property
    def named_pattern(self) -> str:
        """``pattern`` with a named group for each parameter."""
        texts = _PARAMETER.split(self.template)
        return "".join(
            f"(?P<{text}>{PARAMETERS[text].pattern})" if at % 2 else re.escape(text).replace(r"\-", "-")
            for at, text in enumerate(texts)
        )

    @property
    def media_type(self) -> str:
        """Media type as sent in ``Content-Type``."""
        return self.media.name

    @property
    def per_version(self) -> bool:
        """Whether each version adds such files, and later publications do not change them."""
        return self.cache == "immutable" or "version" in self.parameters

    @property
    def is_html(self) -> bool:
        """Whether it is HTML, and so has a Content-Security-Policy."""
        return self.media_type.startswith("text/html")

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people, whose URL is its folder."""
        return self.is_html and not self.runs

    @property
    def stage(self) -> Stage:
        """Stage in which it is written."""
        return self.written or ("version" if self.per_version else "head")
