"""Reading a document of this format: strictly, and only if it says which kind and version it is."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from register_api.core.canonical import parse
from register_api.errors import Malformed
from register_api.verify.limits import MAX_DOCUMENT_BYTES

T = TypeVar("T")


def read_document(data: bytes, kind: type[T], *, max_bytes: int = MAX_DOCUMENT_BYTES) -> T:
    """Read a document into its struct; unknown fields are passed over, another format is not.

    Args:
        data: The bytes as received.
        kind: Struct with a ``format`` field.
        max_bytes: Refuse more than this without looking inside.

    Raises:
        Malformed: Not in RFC 8785 form, no ``format`` or another one, or a field of the wrong type.
    """
    document = parse(data, max_bytes=max_bytes)
    # The struct has a default for what it writes; a reader must not let a document go without.
    if not isinstance(document, dict) or "format" not in document:
        raise Malformed("a document that does not say its format")
    try:
        return msgspec.convert(document, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise Malformed(f"not a {kind.__name__} document: {error}") from error
