"""RFC 8785: its own examples, and those of its first author."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest

from register_api.core import canonical
from register_api.errors import Malformed
from vectors_of_others import vectors

RFC = vectors("rfc8785.json")


def _whole(text: str) -> int | float:
    """Return a number as this format holds it: an integer wherever it is one."""
    number = float(text)
    return int(number) if number.is_integer() else number


@pytest.mark.parametrize("case", RFC["numbers"], ids=lambda case: str(case["ieee754"]))
def test_numbers_of_appendix_b(case: dict[str, Any]) -> None:
    """This format has integers within ±(2^53-1) only: those agree, and all others are refused.

    Appendix B has just one number in that range, zero; its largest that is exact, 2^53, is already
    refused, and so is what comes after the last safe integer on either side.
    """
    (number,) = struct.unpack(">d", bytes.fromhex(case["ieee754"]))
    if case["json"] is None:
        assert not math.isfinite(number)  # no JSON at all; section 3.2.2.3 wants an error
        for spelled in (b"NaN", b"Infinity", b"-Infinity"):
            with pytest.raises(Malformed):
                canonical.parse(spelled)
        return
    data = case["json"].encode()
    if number == 0:
        assert canonical.parse(data) == 0
        assert canonical.encode(0) == data
        return
    with pytest.raises(Malformed):
        canonical.parse(data)


@pytest.mark.parametrize("number", [2**53 - 1, -(2**53) + 1])
def test_the_last_safe_integers_are_taken(number: int) -> None:
    """One step before the numbers of appendix B that are refused."""
    data = str(number).encode()
    assert canonical.encode(number) == data
    assert canonical.parse(data) == number


def test_names_are_sorted_as_section_3_2_3_has_them() -> None:
    """By UTF-16 code units, so the emoji comes before U+FB33."""
    expected = RFC["sorting"]["output"].encode()
    document = json.loads(RFC["sorting"]["input"])
    assert canonical.encode(document) == expected
    assert canonical.parse(expected) == document


def test_the_sample_of_section_3_2_2_but_for_its_numbers() -> None:
    """Literals and string come out as in section 3.2.3; fractions are refused at any position."""
    document, expected = json.loads(RFC["sample"]["input"]), RFC["sample"]["output"]
    with pytest.raises(Malformed):
        canonical.parse(expected.encode())
    del document["numbers"]
    head, _, rest = expected.partition('"numbers":')
    data = (head + rest[rest.index("]") + 2 :]).encode()
    assert canonical.encode(document) == data
    assert canonical.parse(data) == document


@pytest.mark.parametrize("case", vectors("json-canonicalization.json"), ids=lambda case: str(case["name"]))
def test_documents_of_the_first_implementation(case: dict[str, str]) -> None:
    """No locale decides, nothing is normalised, and a whole number has no fraction."""
    document = json.loads(case["input"], parse_float=_whole)
    expected = case["output"].encode()
    assert canonical.encode(document) == expected
    assert canonical.parse(expected) == document
    with pytest.raises(Malformed):
        canonical.parse(case["input"].encode())
