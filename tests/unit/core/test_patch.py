"""JSON Patch (RFC 6902), written and applied: what is accepted, what is refused, and as what."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import pytest

from register_api.core import patch as json_patch
from register_api.core.patch import apply_patch, make_patch
from register_api.errors import Inconsistent, Malformed, VerificationError

ACCEPTED: list[tuple[str, Any, list[dict[str, Any]], Any]] = [
    ("nothing to do", {"a": 1}, [], {"a": 1}),
    ("add a member", {"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
    ("add over a member", {"a": 1}, [{"op": "add", "path": "/a", "value": 2}], {"a": 2}),
    ("add at the front", {"a": [2]}, [{"op": "add", "path": "/a/0", "value": 1}], {"a": [1, 2]}),
    ("add at the length", {"a": [1]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2]}),
    ("add at the end", {"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
    ("add a list into a list", [1], [{"op": "add", "path": "/-", "value": [2]}], [1, [2]]),
    ("add null", {}, [{"op": "add", "path": "/a", "value": None}], {"a": None}),
    ("add the whole", {"a": 1}, [{"op": "add", "path": "", "value": [1]}], [1]),
    ("add from nothing", None, [{"op": "add", "path": "", "value": {"a": 1}}], {"a": 1}),
    ("add an empty name", {"a": 1}, [{"op": "add", "path": "/", "value": 2}], {"a": 1, "": 2}),
    ("remove a member", {"a": 1, "b": 2}, [{"op": "remove", "path": "/b"}], {"a": 1}),
    ("remove from a list", [1, 2, 3], [{"op": "remove", "path": "/1"}], [1, 3]),
    ("replace a member", {"a": 1}, [{"op": "replace", "path": "/a", "value": [2]}], {"a": [2]}),
    ("replace in a list", [1, 2], [{"op": "replace", "path": "/1", "value": 3}], [1, 3]),
    ("replace the whole", {"a": 1}, [{"op": "replace", "path": "", "value": 0}], 0),
    ("move a member", {"a": {"x": 1}, "b": {}}, [{"op": "move", "from": "/a/x", "path": "/b/y"}],
     {"a": {}, "b": {"y": 1}}),
    ("move in a list", [1, 2, 3], [{"op": "move", "from": "/0", "path": "/2"}], [2, 3, 1]),
    ("move to itself", {"a": 1}, [{"op": "move", "from": "/a", "path": "/a"}], {"a": 1}),
    ("move beside a like name", {"a": 1, "ab": {}}, [{"op": "move", "from": "/a", "path": "/ab/c"}],
     {"ab": {"c": 1}}),
    ("copy a member", {"a": [1]}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1], "b": [1]}),
    ("copy and edit one", {"a": [1]}, [
        {"op": "add", "path": "/a/-", "value": 2},
        {"op": "copy", "from": "/a", "path": "/b"},
        {"op": "add", "path": "/b/-", "value": 3},
        {"op": "add", "path": "/a/0", "value": 0},
    ], {"a": [0, 1, 2], "b": [1, 2, 3]}),
    ("copy the whole into itself", {"a": 1}, [{"op": "copy", "from": "", "path": "/b"}],
     {"a": 1, "b": {"a": 1}}),
    ("test a text", {"a": "x"}, [{"op": "test", "path": "/a", "value": "x"}], {"a": "x"}),
    ("test an object in another order", {"a": 1, "b": [2]},
     [{"op": "test", "path": "", "value": {"b": [2], "a": 1}}], {"a": 1, "b": [2]}),
    ("test null", {"a": None}, [{"op": "test", "path": "/a", "value": None}], {"a": None}),
    ("escapes", {"a/b": 1, "m~n": 2}, [
        {"op": "test", "path": "/a~1b", "value": 1},
        {"op": "replace", "path": "/m~0n", "value": 3},
    ], {"a/b": 1, "m~n": 3}),
    ("an escaped escape", {"~1": 1}, [{"op": "test", "path": "/~01", "value": 1}], {"~1": 1}),
    ("digits name a member of an object", {"01": 1}, [{"op": "remove", "path": "/01"}], {}),
    ("members that nobody knows", {"a": 1}, [{"op": "remove", "path": "/a", "note": "x", "value": 9}], {}),
]  # fmt: skip

REFUSED: list[tuple[str, Any, Any, type[VerificationError]]] = [
    ("not a list", {}, {"op": "add", "path": "", "value": 1}, Malformed),
    ("a text", {}, "add", Malformed),
    ("null", {}, None, Malformed),
    ("an operation that is a list", {}, [[]], Malformed),
    ("no op", {}, [{"path": "", "value": 1}], Malformed),
    ("an unknown op", {}, [{"op": "merge", "path": "", "value": 1}], Malformed),
    ("an op that is no text", {}, [{"op": ["add"], "path": "", "value": 1}], Malformed),
    ("an op in capitals", {}, [{"op": "ADD", "path": "", "value": 1}], Malformed),
    ("no path", {}, [{"op": "add", "value": 1}], Malformed),
    ("a path that is a number", {}, [{"op": "add", "path": 1, "value": 1}], Malformed),
    ("a path without slash", {"a": 1}, [{"op": "remove", "path": "a"}], Malformed),
    ("a path as a fragment", {"a": 1}, [{"op": "remove", "path": "#/a"}], Malformed),
    ("a bad escape", {"a~": 1}, [{"op": "remove", "path": "/a~"}], Malformed),
    ("another bad escape", {"a~2": 1}, [{"op": "remove", "path": "/a~2"}], Malformed),
    ("a path of 65 parts", {}, [{"op": "add", "path": "/a" * 65, "value": 1}], Malformed),
    ("no value to add", {}, [{"op": "add", "path": "/a"}], Malformed),
    ("no value to replace", {"a": 1}, [{"op": "replace", "path": "/a"}], Malformed),
    ("no value to test", {"a": 1}, [{"op": "test", "path": "/a"}], Malformed),
    ("no from", {"a": 1}, [{"op": "move", "path": "/b"}], Malformed),
    ("copy without from", {"a": 1}, [{"op": "copy", "path": "/b"}], Malformed),
    ("a place in nothing", {}, [{"op": "add", "path": "/a/b", "value": 1}], Inconsistent),
    ("a member of a text", {"a": "text"}, [{"op": "add", "path": "/a/b", "value": 1}], Inconsistent),
    ("a member of a number", 1, [{"op": "add", "path": "/b", "value": 1}], Inconsistent),
    ("beyond the end", [1], [{"op": "add", "path": "/2", "value": 1}], Inconsistent),
    ("a leading zero", [1, 2], [{"op": "remove", "path": "/01"}], Inconsistent),
    ("a sign", [1, 2], [{"op": "remove", "path": "/-1"}], Inconsistent),
    ("a plus", [1, 2], [{"op": "remove", "path": "/+1"}], Inconsistent),
    ("a digit that is not ASCII", [1, 2], [{"op": "remove", "path": "/\u0661"}], Inconsistent),
    ("thousands of digits", [1, 2], [{"op": "remove", "path": "/" + "9" * 9000}], Inconsistent),
    ("a name in a list", [1], [{"op": "add", "path": "/a", "value": 1}], Inconsistent),
    ("an empty index", [1], [{"op": "remove", "path": "/"}], Inconsistent),
    ("a line end after the index", [1], [{"op": "remove", "path": "/0\n"}], Inconsistent),
    ("remove the end mark", [1], [{"op": "remove", "path": "/-"}], Inconsistent),
    ("remove what is not there", {"a": 1}, [{"op": "remove", "path": "/b"}], Inconsistent),
    ("remove everything", {"a": 1}, [{"op": "remove", "path": ""}], Inconsistent),
    ("replace what is not there", {"a": 1}, [{"op": "replace", "path": "/b", "value": 1}], Inconsistent),
    ("replace at the end mark", [1], [{"op": "replace", "path": "/-", "value": 1}], Inconsistent),
    ("move what is not there", {}, [{"op": "move", "from": "/a", "path": "/b"}], Inconsistent),
    ("move into itself", {"a": {"b": 1}}, [{"op": "move", "from": "/a", "path": "/a/c"}], Inconsistent),
    ("move the whole into itself", {}, [{"op": "move", "from": "", "path": "/a"}], Inconsistent),
    ("move nothing to itself", {}, [{"op": "move", "from": "/a", "path": "/a"}], Inconsistent),
    ("copy what is not there", {}, [{"op": "copy", "from": "/a", "path": "/b"}], Inconsistent),
    ("test another text", {"a": "x"}, [{"op": "test", "path": "/a", "value": "y"}], Inconsistent),
    ("test true against 1", {"a": 1}, [{"op": "test", "path": "/a", "value": True}], Inconsistent),
    ("test 0 against false", {"a": False}, [{"op": "test", "path": "/a", "value": 0}], Inconsistent),
    ("test 1 against a text", {"a": "1"}, [{"op": "test", "path": "/a", "value": 1}], Inconsistent),
    ("test a longer list", [1], [{"op": "test", "path": "", "value": [1, 2]}], Inconsistent),
    ("test a list against an object", {}, [{"op": "test", "path": "", "value": []}], Inconsistent),
    ("test what is not there", {}, [{"op": "test", "path": "/a", "value": None}], Inconsistent),
    ("good, then bad", {"a": 1}, [
        {"op": "remove", "path": "/a"}, {"op": "remove", "path": "/a"},
    ], Inconsistent),
]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "patch", "expected"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED]
)
def test_a_good_patch_applies(document: Any, patch: Any, expected: Any) -> None:
    """The result is right, the same from lists and tuples, and neither argument is touched."""
    before = copy.deepcopy((document, patch))
    assert apply_patch(document, patch) == expected
    assert apply_patch(document, tuple(patch)) == expected
    assert (document, patch) == before


@pytest.mark.parametrize(
    ("document", "patch", "error"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_bad_patch_is_refused(document: Any, patch: Any, error: type[VerificationError]) -> None:
    """What is no patch is malformed, what does not fit is inconsistent, and nothing is touched."""
    before = copy.deepcopy((document, patch))
    with pytest.raises(error) as caught:
        apply_patch(document, patch)
    assert type(caught.value) is error
    assert (document, patch) == before


def test_the_error_names_the_operation() -> None:
    """Who reads the report finds the operation by its number."""
    with pytest.raises(Inconsistent, match=r"operation 1 of the patch.*'b'"):
        apply_patch({"a": 1}, [{"op": "remove", "path": "/a"}, {"op": "remove", "path": "/b"}])


def test_copies_of_copies_are_stopped() -> None:
    """Doubling the document sixty times is refused long before memory is gone."""
    patch = [{"op": "copy", "from": "", "path": f"/{number}"} for number in range(60)]
    with pytest.raises(Malformed):
        apply_patch({"a": [1, 2, 3]}, patch)


def test_depth_by_moves_is_stopped() -> None:
    """Chains moved under chains would nest without end."""
    chain: Any = {}
    for _ in range(30):
        chain = {"a": chain}
    document = {str(number): chain for number in range(6)}
    patch = [
        {"op": "move", "from": f"/{number}", "path": f"/{number + 1}" + "/a" * 30 + "/x"}
        for number in range(5)
    ]
    with pytest.raises(Malformed, match="nests deeper"):
        apply_patch(document, patch)


def test_a_value_too_deep_is_stopped() -> None:
    """A value nested a hundred thousand times is refused without recursion."""
    value: Any = []
    for _ in range(100_000):
        value = [value]
    for name in ("add", "test"):
        with pytest.raises(Malformed, match="nests deeper"):
            apply_patch({}, [{"op": name, "path": "", "value": value}])
    while value:
        value = value.pop()


def test_insertions_into_long_lists_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Insertions at the front of long lists are counted by what they shift."""
    monkeypatch.setattr(json_patch, "MAX_COPIED", 10_000)
    patch = [{"op": "add", "path": "/0", "value": 0}] * 100
    assert len(apply_patch([0], patch)) == 101
    with pytest.raises(Malformed, match="copies too much"):
        apply_patch([0] * 500, patch)


MADE: list[tuple[str, Any, Any, list[dict[str, Any]]]] = [
    ("no document before", None, {"a": 1}, [{"op": "add", "path": "", "value": {"a": 1}}]),
    ("the same", {"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, []),
    ("the same in another order of names", [{"a": 1, "b": 2}], [{"b": 2, "a": 1}], []),
    ("another kind", {"a": 1}, [1], [{"op": "replace", "path": "", "value": [1]}]),
    ("true is not 1", {"a": 1}, {"a": True}, [{"op": "replace", "path": "/a", "value": True}]),
    ("false is not 0, deeper", {"a": [[0]]}, {"a": [[False]]},
     [{"op": "replace", "path": "/a", "value": [[False]]}]),
    ("members", {"a": 1, "b": 1}, {"b": 2, "c": 3}, [
        {"op": "remove", "path": "/a"},
        {"op": "replace", "path": "/b", "value": 2},
        {"op": "add", "path": "/c", "value": 3},
    ]),
    ("escapes", {"a/b": {"~": 1}}, {"a/b": {"~": 2}}, [{"op": "replace", "path": "/a~1b/~0", "value": 2}]),
    ("a plain list is replaced whole", {"a": [1, 2]}, {"a": [1, 3]}, [
        {"op": "replace", "path": "/a", "value": [1, 3]},
    ]),
    ("one field of one entry", {"s": [{"id": "x", "n": 1}, {"id": "y", "n": 1}]},
     {"s": [{"id": "x", "n": 1}, {"id": "y", "n": 2}]}, [{"op": "replace", "path": "/s/1/n", "value": 2}]),
    ("an entry of an entry", [{"id": "x", "e": [{"id": "y", "n": 1}]}],
     [{"id": "x", "e": [{"id": "y", "n": 2}]}], [{"op": "replace", "path": "/0/e/0/n", "value": 2}]),
    ("gone, come, moved and edited at once",
     [{"id": "a"}, {"id": "b"}, {"id": "c", "n": 1}, {"id": "d"}],
     [{"id": "d"}, {"id": "new"}, {"id": "b"}, {"id": "c", "n": 2}], [
         {"op": "remove", "path": "/0"},
         {"op": "move", "from": "/2", "path": "/0"},
         {"op": "add", "path": "/1", "value": {"id": "new"}},
         {"op": "replace", "path": "/3/n", "value": 2},
     ]),
    ("the last put first is one move", [{"id": name} for name in "abcd"], [{"id": name} for name in "dabc"],
     [{"op": "move", "from": "/3", "path": "/0"}]),
    ("the first put last is one move", [{"id": name} for name in "abcd"], [{"id": name} for name in "bcda"],
     [{"op": "move", "from": "/0", "path": "/3"}]),
    ("the first entries of an empty list", {"s": []}, {"s": [{"id": "a"}]}, [
        {"op": "add", "path": "/s/0", "value": {"id": "a"}},
    ]),
    ("an id twice", [{"id": "a"}], [{"id": "a"}, {"id": "a"}],
     [{"op": "replace", "path": "", "value": [{"id": "a"}, {"id": "a"}]}]),
    ("an id missing", [{"id": "a"}], [{"id": "a"}, {}],
     [{"op": "replace", "path": "", "value": [{"id": "a"}, {}]}]),
    ("an id that is a number", [{"id": 1}], [{"id": 2}],
     [{"op": "replace", "path": "", "value": [{"id": 2}]}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("older", "newer", "expected"), [row[1:] for row in MADE], ids=[row[0] for row in MADE]
)
def test_the_patch_of_two_documents(older: Any, newer: Any, expected: Any) -> None:
    """The writer says what changed and nothing else, and a second implementation reads it alike."""
    patch = make_patch(older, newer)
    assert patch == expected
    assert apply_patch(older, patch) == newer
    assert jsonpatch.apply_patch(older, patch) == newer


def test_tuples_are_arrays() -> None:
    """``msgspec.to_builtins`` leaves tuples, which are compared and edited as lists are."""
    patch = make_patch({"a": ({"id": "x"},)}, {"a": ({"id": "x", "n": (1,)},)})
    assert patch == [{"op": "add", "path": "/a/0/n", "value": (1,)}]
    assert apply_patch({"a": ({"id": "x"},)}, patch) == {"a": [{"id": "x", "n": (1,)}]}
