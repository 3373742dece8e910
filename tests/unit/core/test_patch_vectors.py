"""RFC 6902 and RFC 6901: the RFCs' own examples, and the suite that implementations share."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from register_api.core import canonical
from register_api.core.patch import apply_patch, format_pointer, member, parse_pointer
from register_api.errors import Inconsistent, Malformed
from vectors_of_others import vector_bytes, vectors

TWICE = "two 'op' members"
"""Cases whose patch names a member twice: nothing that a reader of objects can see."""


def _cases(name: str) -> list[Any]:
    cases = [case for case in vectors(name) if TWICE not in case.get("error", "")]
    return [pytest.param(case, id=case.get("comment", f"{number}")) for number, case in enumerate(cases)]


SPEC, SUITE = _cases("json-patch-spec-tests.json"), _cases("json-patch-tests.json")


@pytest.mark.parametrize("case", [*SPEC, *SUITE])
def test_patches_agree_with_the_suite(case: dict[str, Any]) -> None:
    """Applied wholly or refused, and the document handed in stays as it was."""
    before = copy.deepcopy(case["doc"])
    if "error" in case:
        with pytest.raises((Malformed, Inconsistent)):
            apply_patch(case["doc"], case["patch"])
    else:
        assert apply_patch(case["doc"], case["patch"]) == case.get("expected", before)
    assert case["doc"] == before


def test_the_suite_is_all_there() -> None:
    """Section 4.1 and appendix A.1 to A.16 but A.13, and the further cases."""
    appendix = [case.values[0]["comment"] for case in SPEC]
    assert [comment.split(" ")[0] for comment in appendix] == [
        "4.1.",
        *(f"A.{number}." for number in range(1, 17) if number != 13),
    ]
    assert len(SUITE) == len(vectors("json-patch-tests.json")) - 1
    assert sum("error" in case.values[0] for case in SUITE) == 19


@pytest.mark.parametrize("name", ["json-patch-spec-tests.json", "json-patch-tests.json"])
def test_a_duplicate_member_is_refused_by_the_json_reader(name: str) -> None:
    """Appendix A.13: the strict reader of JSON finds it, since afterwards it cannot be seen."""
    found = []

    def check_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            found.append(pairs)
        return dict(pairs)

    json.loads(vector_bytes(name), object_pairs_hook=check_names)
    assert len(found) == 1
    members = sorted((json.dumps(key), json.dumps(value)) for key, value in found[0])
    data = "[{" + ",".join(f"{key}:{value}" for key, value in members) + "}]"
    with pytest.raises(Malformed, match="'op' appears twice"):
        canonical.parse(data.encode())


POINTERS = vectors("rfc6901-pointers.json")


@pytest.mark.parametrize(("pointer", "value"), POINTERS["pointers"])
def test_pointers_of_rfc_6901_section_5(pointer: str, value: object) -> None:
    """Each leads to its value, and is written again as it was."""
    found = POINTERS["document"]
    for token in parse_pointer(pointer):
        found = member(found, token)
    assert found == value
    assert format_pointer(parse_pointer(pointer)) == pointer


def test_the_empty_pointer_is_the_whole_document() -> None:
    """RFC 6901 section 5, the first of its examples."""
    assert parse_pointer("") == []
    test = {"op": "test", "path": "", "value": POINTERS["document"]}
    assert apply_patch(POINTERS["document"], [test]) == POINTERS["document"]
