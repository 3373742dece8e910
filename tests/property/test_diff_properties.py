"""What holds of every difference: it composes, it is told wholly and once, and its patch is exact."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING, Any, get_args

import jsonpatch
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from composition import compose
from examples import make_promises
from register_api.core.canonical import decode, digest, encode, encoded, parse
from register_api.core.diff.changes import ChangeClass, Diff
from register_api.core.diff.deltas import Deltas, between
from register_api.core.diff.document import changes_between, diff_document
from register_api.core.diff.sequence import plan_moves
from register_api.core.language.changes import MAX_SUMMARY
from register_api.core.notice import NoticeStatus, status
from register_api.core.notice_event import events
from register_api.core.patch.write import apply_patch, make_patch
from register_api.errors import Inconsistent, Malformed
from strategies import register_pairs, registers

if TYPE_CHECKING:
    from register_api.core.diff.changes import Change
    from register_api.core.model import Register
    from register_api.core.notice import Promises

    Pair = tuple[Register, Register]

WEIGHT = {name: weight for weight, name in enumerate(get_args(ChangeClass))}
LONG_AGO = dt.date(2015, 1, 1)
LISTS = ("subprocessors", "engagements", "categories", "statuses")

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "~", "/", "id"])
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["", "a", "b", "a/b", "~1", "id"]), inner, max_size=4)
        | st.lists(
            st.fixed_dictionaries({"id": st.sampled_from("abcde")}, optional={"n": inner}),
            max_size=5,
            unique_by=lambda item: item["id"],
        )
    ),
    max_leaves=12,
)
pointers = st.lists(st.sampled_from(["a", "b", "0", "1", "-", "~1", "", "01", "id"]), max_size=3).map(
    lambda tokens: "".join("/" + token for token in tokens)
)
operations = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
        "path": pointers | scalars,
        "from": pointers,
        "value": documents,
    }
)


def promises_of(register: Register) -> Promises:
    """Return the register's promise as one that was always there."""
    return make_promises((1, LONG_AGO, register.notice))


@given(register_pairs(removals=True))
@settings(max_examples=30, deadline=None)
def test_the_patch_gives_the_newer_bytes(pair: Pair) -> None:
    """Applied by us or by another implementation, to what was read from the wire."""
    older, newer = map(encode, pair)
    patch = msgspec.json.decode(encode(make_patch(*map(msgspec.to_builtins, pair))))
    assert encode(apply_patch(parse(older), patch)) == newer
    assert encode(jsonpatch.apply_patch(parse(older), patch)) == newer
    back = make_patch(parse(newer), parse(older))
    assert encode(apply_patch(parse(newer), back)) == older


@given(documents, documents)
@settings(max_examples=200, deadline=None)
def test_any_two_documents_have_a_patch(older: Any, newer: Any) -> None:
    """Also where ids are missing, doubled or no texts, and where ``True`` stands for 1."""
    older_bytes = encode(older)
    patch = make_patch(older, newer)
    assert encode(apply_patch(older, patch)) == encode(newer)
    assert encode(jsonpatch.apply_patch(parse(older_bytes), patch)) == encode(newer)
    assert encode(older) == older_bytes
    assert bool(patch) == (older is None or encode(newer) != older_bytes)


@given(documents, st.lists(operations, max_size=6))
@settings(max_examples=200, deadline=None)
def test_a_hostile_patch_fails_by_name_only(document: Any, patch: Any) -> None:
    """Whatever the operations say, the outcome is a document or one of two errors, the input untouched."""
    before = encode([document, patch])
    with contextlib.suppress(Malformed, Inconsistent):
        encode(apply_patch(document, patch))
    assert encode([document, patch]) == before


@given(st.permutations(range(30)))
@settings(max_examples=40, deadline=None)
def test_moves_lead_to_the_order(order: list[int]) -> None:
    """Made one after the other, planned moves give exactly the order asked for."""
    items = list(range(30))
    for source, target in plan_moves(items, order):
        items.insert(target, items.pop(source))
    assert items == order


@given(register_pairs(removals=True), registers())
@settings(max_examples=30, deadline=None)
def test_differences_compose(pair: Pair, third: Register) -> None:
    """Two steps joined are the difference of the ends, there and back again."""
    first, second = pair
    assert compose(between(first, second), between(second, third)) == between(first, third)
    assert compose(between(first, second), between(second, first)) == Deltas({}, {})
    assert compose(between(None, first), between(first, second)) == between(None, second)
    assert compose(between(first, None), between(None, second)) == between(first, second)


@given(register_pairs(removals=True))
@settings(max_examples=40, deadline=None)
def test_every_changed_field_is_told_once(pair: Pair) -> None:
    """No field of content that differs is left out, and none is told twice."""
    older, newer = pair
    found = changes_between(older, newer, promises_of(newer))
    again = [change for change in found if change.class_ == "added" and change.field == "withdrawn"]
    told = [field for change in found if change not in again for field in told_by(change)]
    folded = {(change.subprocessor, None, "replaces") for change in found if change.class_ == "replaced"}
    folded |= {(change.subprocessor, None, "withdrawn") for change in again}
    differ = fields_that_differ(older, newer)
    assert len(told) == len(set(told))
    assert set(told) <= differ
    assert differ - set(told) <= folded


@given(register_pairs(removals=True))
@settings(max_examples=30, deadline=None)
def test_changes_are_in_order_and_readable(pair: Pair) -> None:
    """Ids count up, classes go from heavy to light, and each sentence is one line."""
    older, newer = pair
    found = changes_between(older, newer, promises_of(newer))
    assert [change.id for change in found] == [
        f"{newer.version}-{number + 1}" for number in range(len(found))
    ]
    weights = [WEIGHT[change.class_] for change in found]
    assert weights == sorted(weights)
    for change in found:
        assert change.summary.endswith((".", "…", "!", "?"))
        assert "\n" not in change.summary
        assert len(change.summary) <= MAX_SUMMARY + 1


@given(register_pairs())
@settings(max_examples=40, deadline=None)
def test_no_due_notice_goes_untold(pair: Pair) -> None:
    """Where the promise covers what happened to an engagement, some change of it says so."""
    older, newer = pair
    promises = promises_of(newer)
    found = changes_between(older, newer, promises)
    for vendor, engagement, expected in notices_due(older, newer, promises):
        carriers = [
            change.notice
            for change in found
            if change.subprocessor in {vendor, None} and change.engagement in {engagement, None}
        ]
        assert any(notice.required for notice in carriers)
        assert expected.met or any(notice.met is False for notice in carriers)


@given(register_pairs(), st.booleans())
@settings(max_examples=30, deadline=None)
def test_the_document_survives_the_wire(pair: Pair, first: bool) -> None:
    """A diff read back equals the diff made, and its patch leads from its older to its newer end."""
    older = None if first else pair[0]
    newer = pair[1]
    diff = diff_document(older and encoded(older), encoded(newer), promises_of(newer))
    assert decode(encode(diff), Diff) == diff
    before = None if older is None else parse(encode(older))
    after = encode(apply_patch(before, diff.patch))
    assert digest(after) == diff.to.sha256


def told_by(change: Change) -> list[tuple[str | None, str | None, str]]:
    """Return the fields a change tells, by vendor, engagement and name."""
    if change.class_ == "reordered" and (change.field or "").rpartition(".")[2] in LISTS:
        return []
    if change.subprocessor is None and (change.field or "").split(".")[0] in LISTS[:2] and change.after:
        rows = [row.partition("/") for row in change.after]
        return [
            (vendor, engagement or None, change.fields[0].split(".")[1]) for vendor, _, engagement in rows
        ]
    return [(change.subprocessor, change.engagement, name) for name in change.fields]


def fields_that_differ(older: Register, newer: Register) -> set[tuple[str | None, str | None, str]]:
    """Return every field of content that differs between entries of both registers, and came or went."""
    found: set[tuple[str | None, str | None, str]] = set()
    for place, delta in between(older, newer).entries.items():
        names = [change.name for change in delta.fields()]
        if place[:1] == ("subprocessors",):
            vendor, engagement = str(place[1]), str(place[3]) if len(place) > 2 else None
            found |= {(vendor, engagement, name) for name in names}
        elif delta.before is None or delta.after is None:
            found.add((None, None, ".".join(map(str, place))))
        else:
            found |= {(None, None, ".".join(map(str, (*place, name)))) for name in names}
    return found


def notices_due(older: Register, newer: Register, promises: Promises) -> list[tuple[str, str, NoticeStatus]]:
    """Return vendor, engagement and status wherever the promise covers what happened."""
    before = {vendor.id: vendor for vendor in older.subprocessors}
    day = newer.published_at.date()
    found = []
    for vendor in newer.subprocessors:
        for item in vendor.engagements:
            for what in events(before.get(vendor.id), vendor, item, day=day, reason_kind=newer.reason.kind):
                judged = status(what, item.announced, item.starts_on, promises)
                if judged.required:
                    found.append((vendor.id, item.id, judged))
    return found
