"""How far the format has grown within ``/1``: each document says by which minor number it was written.

Whatever joins the format (a field, a code of an open vocabulary, a kind of file) raises the number by
one at the next release; nothing else does (docs/compatibility.md). A reader takes every number.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from register_api.core.forms import within

FORMAT_MINOR = 0
"""The minor number that this program writes."""

JOINED = "Joined the format with minor number"

FormatMinor = Annotated[int, Meta(ge=0), within(0)]
"""The minor number as a document says it: whatever release wrote it, whichever reads it."""


def since(minor: int) -> Meta:
    """Return what declares in a field's type with which minor number it joined the format.

    Older documents do not have the field, so it has a default in its struct, and no schema requires
    it: ``dpa_url: Annotated[Url | None, since(1)] = None``.
    """
    return Meta(extra_json_schema={"$comment": f"{JOINED} {minor}"})
