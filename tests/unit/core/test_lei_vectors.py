"""ISO 17442: codes of real companies pass rule R07, with no other check digits than their own."""

from __future__ import annotations

import pytest

from examples import make_draft, make_vendor
from register_api.core.model import Identifier
from register_api.core.rules.completeness import check_identifiers
from vectors_of_others import vectors


@pytest.mark.parametrize("code", vectors("iso17442-lei.json"))
def test_check_digits_of_published_codes(code: str) -> None:
    """R07: of the hundred pairs one fits, the published one."""
    codes = [f"{code[:-2]}{digits:02d}" for digits in range(100)]
    numbers = tuple(Identifier(scheme="lei", value=each) for each in codes)
    found = check_identifiers(make_draft(make_vendor(identifiers=numbers)), None)  # type: ignore[arg-type]
    refused = {finding.key for finding in found}
    assert [each for n, each in enumerate(codes) if f"identifiers[{n}].value" not in refused] == [code]
