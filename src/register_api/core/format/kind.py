"""What is said of a kind of file, and of the parameters and signatures in its paths."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

KIB = 2**10
MIB = 2**20

CacheClass = Literal["immutable", "mutable", "no-cache"]
"""``immutable`` bytes never change, ``mutable`` ones with a publication, ``no-cache`` ones in between."""

Stage = Literal["version", "trust", "head", "checkpoint", "timestamp"]
"""The groups in which a publication reaches the disk, each durable before the next."""

_PARAMETER = re.compile(r"\{(\w+)\}")
_NAMED_GROUP = re.compile(r"\(\?P<\w+>")
_NUMBER = r"[1-9][0-9]{0,8}"


class PathParameter(msgspec.Struct, frozen=True):
    """What stands for a parameter in a path: a pattern without groups, alike in Python, PCRE and RE2."""

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
"""By name, as path templates and docs/format/tree.md have them in braces."""


class MediaType(msgspec.Struct, frozen=True):
    """A media type as sent in ``Content-Type``, and whether compressed forms are worth keeping."""

    name: str
    compress: bool


class Signature(msgspec.Struct, frozen=True):
    """A form of signature that lies beside a document: suffixes of its path and of its ``operationId``."""

    suffix: str
    operation: str
    summary: str
    media_type: str
    max_bytes: int

    def of(self, path: str) -> str:
        """Return the path of this signature beside a document."""
        return path + self.suffix


class Schema(msgspec.Struct, frozen=True):
    """A form of JSON document: name of its JSON Schema, the struct that encodes it, a title for people."""

    name: str
    struct: type
    title: str


class FileKind(msgspec.Struct, frozen=True, eq=False):
    """One kind of file: a row of the table (``core.format.tree``).

    Attributes:
        template: Path in the tree, without leading slash, with parameters in braces.
        operation: ``operationId`` of OpenAPI, stable within ``/1``.
        cache: How long its bytes stay the same.
        signatures: Which signatures lie beside it.
        schema: The form of its document, if a struct encodes it.
        target: Name of the TUF target that its newest bytes are.
        checks: Numbers of the checks of ``verify`` that look at it.
        unchecked: Why no check does, for customers. A row has either.
        relation: By which relation the API catalog names it (RFC 9264).
        in_entry: Whether the log's entry of a version names it.
        listed: Whether the list of head files names it, and so vouches for it.
        optional: Whether a tree may be without it.
        max_bytes: Most bytes that a reader takes.
        runs: Whether it is a page with a program in it, which asks registers at any address.
        loads: Whether it is a page that loads the tree's script.
        written: When it reaches the disk, if not as others of its cache class.
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
        """Return the path of one such file; the values stand for its parameters, in their order."""
        return self.template.format(**dict(zip(self.parameters, values, strict=True)))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters in its paths."""
        return tuple(_PARAMETER.findall(self.template))

    @property
    def example(self) -> str:
        """A path of this kind; whether a tree has it does not matter."""
        return self.path(*(PARAMETERS[name].example for name in self.parameters))

    @property
    def pattern(self) -> str:
        """Regular expression of its whole paths, without groups; Python, PCRE and RE2 read it alike."""
        return _NAMED_GROUP.sub("(?:", self.named_pattern)

    @property
    def target_name(self) -> str:
        """Name of the TUF target that its newest bytes are; a ``ValueError`` where they are none."""
        if self.target is None:
            raise ValueError(f"{self.template} is not a TUF target")
        return self.target

    @property
    def named_pattern(self) -> str:
        """The same, with a named group for each parameter."""
        texts = _PARAMETER.split(self.template)
        return "".join(
            f"(?P<{text}>{PARAMETERS[text].pattern})" if at % 2 else re.escape(text).replace(r"\-", "-")
            for at, text in enumerate(texts)
        )

    @property
    def media_type(self) -> str:
        """Its media type as sent in ``Content-Type``."""
        return self.media.name

    @property
    def per_version(self) -> bool:
        """Whether such files grow in number, and later publications leave those that there are alone."""
        return self.cache == "immutable" or "version" in self.parameters

    @property
    def is_html(self) -> bool:
        """Whether a browser shows it, so that it has a policy."""
        return self.media_type.startswith("text/html")

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people, which is asked for by its folder."""
        return self.is_html and not self.runs

    @property
    def stage(self) -> Stage:
        """When it reaches the disk."""
        return self.written or ("version" if self.per_version else "head")
