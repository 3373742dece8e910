"""Properties of every diff: it composes, reports each change exactly once, and its patch is exact."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING, Any, get_args

import jsonpatch
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from composition import Deltas, between, compose
from examples import make_context, make_promises
from register_api.core.canonical import decode, digest, encode, encoded, parse
from register_api.core.changes import ChangeType, Diff
from register_api.core.diff.comparison import Comparison
from register_api.core.diff.comparison import Pair as Both
from register_api.core.diff.document import changes_between, diff_document
from register_api.core.fields import content
from register_api.core.language.changes import MAX_SUMMARY
from register_api.core.model import Announced, Cancelled, PlannedChange, Withdrawn
from register_api.core.patch import apply_patch, make_patch, plan_moves
from register_api.core.versioning import make_version
from register_api.errors import Inconsistent, Malformed
from strategies import draft_of, register_pairs, registers
from thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.changes import Change
    from register_api.core.model import Register
    from register_api.core.notice_period import Promises

    Pair = tuple[Register, Register]

WEIGHT = {name: weight for weight, name in enumerate(get_args(ChangeType))}
LONG_AGO = dt.date(2015, 1, 1)

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
@settings(max_examples=examples(30), deadline=None)
def test_the_patch_gives_the_newer_bytes(pair: Pair) -> None:
    """Applied by us or by another implementation, to what was read from the wire."""
    older, newer = map(encode, pair)
    patch = msgspec.json.decode(encode(make_patch(*map(msgspec.to_builtins, pair))))
    assert encode(apply_patch(parse(older), patch)) == newer
    assert encode(jsonpatch.apply_patch(parse(older), patch)) == newer
    back = make_patch(parse(newer), parse(older))
    assert encode(apply_patch(parse(newer), back)) == older


@given(documents, documents)
@settings(max_examples=examples(200), deadline=None)
def test_any_two_documents_have_a_patch(older: Any, newer: Any) -> None:
    """Also with missing, duplicate or non-text ids, and with ``True`` for 1."""
    older_bytes = encode(older)
    patch = make_patch(older, newer)
    assert encode(apply_patch(older, patch)) == encode(newer)
    assert encode(jsonpatch.apply_patch(parse(older_bytes), patch)) == encode(newer)
    assert encode(older) == older_bytes
    assert bool(patch) == (older is None or encode(newer) != older_bytes)


@given(documents, st.lists(operations, max_size=6))
@settings(max_examples=examples(200), deadline=None)
def test_a_hostile_patch_fails_by_name_only(document: Any, patch: Any) -> None:
    """Whatever the operations say, the outcome is a document or one of two errors, the input untouched."""
    before = encode([document, patch])
    with contextlib.suppress(Malformed, Inconsistent):
        encode(apply_patch(document, patch))
    assert encode([document, patch]) == before


@given(st.permutations(range(30)))
@settings(max_examples=examples(40), deadline=None)
def test_moves_lead_to_the_order(order: list[int]) -> None:
    """Made one after the other, planned moves give exactly the order asked for."""
    items = list(range(30))
    for source, target in plan_moves(items, order):
        items.insert(target, items.pop(source))
    assert items == order


@given(register_pairs(removals=True), registers())
@settings(max_examples=examples(30), deadline=None)
def test_differences_compose(pair: Pair, third: Register) -> None:
    """Two steps joined are the difference of the ends, there and back again."""
    first, second = pair
    assert compose(between(first, second), between(second, third)) == between(first, third)
    assert compose(between(first, second), between(second, first)) == Deltas({}, {})
    assert compose(between(None, first), between(first, second)) == between(None, second)
    assert compose(between(first, None), between(None, second)) == between(first, second)


@given(register_pairs(removals=True))
@settings(max_examples=examples(60), deadline=None)
def test_every_path_that_differs_belongs_to_a_change_with_its_values(pair: Pair) -> None:
    """Every differing content field is reported, no other one is, and each with the right values."""
    comparison = Comparison(*pair, dt.UTC)
    found = changes_between(*pair, promises_of(pair[1]))
    reported: dict[str, tuple[Any, Any]] = {}
    for change in found:
        if change.planned is None and change.type != "reordered":
            for field in change.fields:
                values = (field.before, field.after)
                assert reported.setdefault(absolute(change, field.path), values) == values
    expected = values_that_differ(comparison)
    reordered = {
        absolute(change, field.path) for change in found for field in change.fields
    } - reported.keys()
    assert {path: values for path, values in expected.items() if path not in reordered} == reported


@given(register_pairs(removals=True))
@settings(max_examples=examples(60), deadline=None)
def test_every_differing_planned_change_is_reported(pair: Pair) -> None:
    """A plan that joined, moved, was set otherwise, cancelled or taken away has a change with its id."""
    comparison = Comparison(*pair, dt.UTC)
    reported = {(change.subprocessor, change.engagement, change.planned) for change in changes_of(pair)}
    for vendor in comparison.vendors.values():
        if vendor.after is None:
            continue
        for owner, before, after in owners(vendor):
            old = {item.id: item for item in before.planned} if before is not None else {}
            new = {item.id: item for item in after.planned}
            for name in old | new:
                one, other = ((told_of(item) if item else None) for item in (old.get(name), new.get(name)))
                assert one == other or (vendor.known.id, owner, name) in reported


@given(register_pairs(removals=True))
@settings(max_examples=examples(40), deadline=None)
def test_kind_and_ids_fit_the_documents(pair: Pair) -> None:
    """Added has no values before, removed none after; who is affected is named."""
    for change in changes_of(pair):
        own = [field for field in change.fields if not field.path.startswith("subprocessor.")]
        assert {
            "added": own and all(field.before is None for field in own),
            "removed": own and all(field.after is None for field in own),
            "changed": any(field.before != field.after for field in change.fields),
        }[change.kind]
        assert change.subprocessor is None or change.concerns(change.subprocessor)
        assert len(set(change.affects)) == len(change.affects)
        assert change.engagement is None or change.subprocessor is not None


@given(register_pairs(removals=True))
@settings(max_examples=examples(30), deadline=None)
def test_changes_are_in_order_and_readable(pair: Pair) -> None:
    """Ids count up, types go from heavy to light, and each sentence is one line."""
    older, newer = pair
    found = changes_between(older, newer, promises_of(newer))
    assert [change.id for change in found] == [
        f"{newer.version}-{number + 1}" for number in range(len(found))
    ]
    weights = [WEIGHT[change.type] for change in found]
    assert weights == sorted(weights)
    for change in found:
        assert change.summary.endswith((".", "…", "!", "?"))
        assert "\n" not in change.summary
        assert len(change.summary) <= MAX_SUMMARY + 1


@given(register_pairs())
@settings(max_examples=examples(40), deadline=None)
def test_every_required_notice_is_reported(pair: Pair) -> None:
    """Where the promise covers what happened to an engagement, some change of it or of its vendor says so."""
    older, drawn = pair
    promises = promises_of(older)
    context = make_context(older, now=drawn.published_at, promises=promises)
    newer = make_version(draft_of(drawn), context)
    found = changes_between(older, newer, promises)
    for ids, announced in announced_by(newer):
        vendor, _, planned = ids
        telling = {ids, (vendor, None, None)} if planned is None else {ids}
        carriers = [
            change.notice
            for change in found
            if (change.subprocessor, change.engagement, change.planned) in telling
        ]
        assert any(notice.required for notice in carriers)
        assert announced.met or any(notice.met is False for notice in carriers)


@given(register_pairs(), st.booleans())
@settings(max_examples=examples(30), deadline=None)
def test_the_document_is_decoded_unchanged(pair: Pair, first: bool) -> None:
    """A diff read back equals the diff made, and its patch leads from its older to its newer end."""
    older = None if first else pair[0]
    newer = pair[1]
    diff = diff_document(older and encoded(older), encoded(newer), promises_of(newer))
    assert decode(encode(diff), Diff) == diff
    before = None if older is None else parse(encode(older))
    after = encode(apply_patch(before, diff.patch))
    assert digest(after) == diff.newer.sha256


def changes_of(pair: Pair) -> tuple[Change, ...]:
    """Return the changes between a pair of versions."""
    return changes_between(*pair, promises_of(pair[1]))


def absolute(change: Change, path: str) -> str:
    """Return a path of a change from the register on."""
    if change.subprocessor is None:
        return path
    vendor = f"subprocessors.{change.subprocessor}"
    if change.engagement is None:
        return f"{vendor}.{path}"
    above, _, name = path.partition(".")
    use = f"{vendor}.engagements.{change.engagement}"
    return f"{vendor}.{name}" if above == "subprocessor" else f"{use}.{path}"


def values_that_differ(comparison: Comparison) -> dict[str, tuple[Any, Any]]:
    """Return before and after, as JSON has them, of each field of content that differs, by path.

    Of an entry that came or went each field that is stated; planned changes are left out.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for place, delta in between(comparison.older, comparison.newer).entries.items():
        if "planned" in place:
            continue
        for name in content(type(delta.before or delta.after)):  # type: ignore[arg-type]
            before, after = (getattr(entry, name, None) for entry in (delta.before, delta.after))
            if told_of(before) != told_of(after):
                values = msgspec.json.decode(msgspec.json.encode([before, after]))
                found[".".join(map(str, (*place, name)))] = tuple(values)
    return found


def told_of(value: Any) -> Any:
    """Return a value without what publishing sets in it."""
    if isinstance(value, PlannedChange):
        return (value.effective_on, value.set, value.notes, value.short_notice, told_of(value.cancelled))
    return value.reason if isinstance(value, Withdrawn | Cancelled) else value


def owners(vendor: Any) -> Iterator[tuple[str | None, Any, Any]]:
    """Yield id, older and newer form of a vendor and of each of its engagements that is still listed."""
    yield None, vendor.before, vendor.after
    known = {item.id: item for item in vendor.before.engagements} if vendor.before else {}
    for item in vendor.after.engagements:
        yield item.id, known.get(item.id), item


def announced_by(register: Register) -> Iterator[tuple[tuple[str, str | None, str | None], Announced]]:
    """Yield whose and what, wherever a version announces what the promise covers."""
    for vendor in register.subprocessors:
        for owner, _, item in owners(Both(None, vendor)):
            stated = [(plan.id, plan) for plan in item.planned]
            stated += [(None, item)] if owner is not None else []
            for planned, record in stated:
                announced = record.announced
                if announced.version == register.version and announced.required:
                    yield (vendor.id, owner, planned), announced
