"""The one form of TUF metadata: compact ASCII JSON, no name twice, nothing beside what is signed.

TUF signs what metadata says, not how it is spelled, and lets further members stand beside what it signs.
Where no digest covers the bytes either, they could hold anything under a good signature, and a name that
stands twice would be read in one way here and in another elsewhere (docs/format/trust.md, TUF).
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from tuf.api.metadata import Timestamp

from register_api.core.freshness import LONGEST, in_words
from register_api.core.instant import parse_instant
from register_api.errors import Malformed

CLOCK_TOLERANCE = dt.timedelta(minutes=5)
"""How far the clocks of those who sign, or of a customer, may differ and nobody is blamed."""


def check_form(path: str, data: bytes) -> None:
    """Refuse metadata in any other spelling."""
    try:
        text = data.decode("ascii")
        document = json.loads(text, object_pairs_hook=_each_once, parse_float=_refuse, parse_constant=_refuse)
        spelled = json.dumps(document, separators=(",", ":"))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{path} is not TUF metadata: {_reason(error)}", path=path) from error
    if spelled != text:
        raise Malformed(f"{path} is not spelled as metadata is: compact ASCII JSON", path=path)
    if not _is_envelope(document):
        raise Malformed(f"{path} holds something beside what is signed, or no signatures", path=path)
    # The TUF library takes true for 1, and names files by it.
    if isinstance(document["signed"], dict) and type(document["signed"].get("version")) is bool:
        raise Malformed(f"{path} has a version that is no number", path=path)


def check_signed_at(timestamp: Timestamp) -> dt.datetime:
    """Return when a timestamp was signed."""
    try:
        signed_at = parse_instant(str(timestamp.unrecognized_fields.get("signed_at")))
    except ValueError as error:
        raise Malformed("the timestamp does not say when it was signed") from error
    lasts = timestamp.expires - signed_at
    if not dt.timedelta() < lasts <= LONGEST:
        raise Malformed(f"the timestamp is good for {lasts}; at most {in_words(LONGEST)} are allowed")
    return signed_at


def _is_envelope(document: object) -> bool:
    """Tell whether a document is a signed part and signatures, and nothing else (TUF 1.0 section 4.2)."""
    if not isinstance(document, dict) or document.keys() != {"signatures", "signed"}:
        return False
    signatures = document["signatures"]
    return isinstance(signatures, list) and all(
        isinstance(one, dict) and one.keys() == {"keyid", "sig"} for one in signatures
    )


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(number: str) -> float:
    raise ValueError(f"{number[:20]!a} is no integer")


def _reason(error: Exception) -> str:
    """Say what is wrong, without the bytes themselves."""
    if isinstance(error, UnicodeDecodeError):
        return "other characters than ASCII"
    return "nested too deep" if isinstance(error, RecursionError) else str(error)
