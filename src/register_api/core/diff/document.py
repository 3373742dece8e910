"""Two registers in, what a person would want to be told out: in order of weight, with the patch.

The changes depend on the two registers and the promises only, through differences that compose
(``core.diff.deltas``): who reads the diff from version 3 to 7 is told what the steps between amount to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import msgspec

from register_api.core.canonical import Encoded
from register_api.core.diff.change_notice import notice_of
from register_api.core.diff.changes import Change, ChangeType, Diff, DiffEnd
from register_api.core.diff.columns import fold_columns
from register_api.core.diff.differences import Column, Comparison, Difference, Reorder
from register_api.core.diff.field_changes import affected_by, fields_of, kind_of
from register_api.core.diff.lifecycle import register_differences, vendor_differences
from register_api.core.language.changes import Sentences
from register_api.core.model import Register
from register_api.core.notice import Promises
from register_api.core.patch import make_patch

_WEIGHT: dict[ChangeType, int] = {name: weight for weight, name in enumerate(get_args(ChangeType))}


def changes_between(older: Register | None, newer: Register, promises: Promises) -> tuple[Change, ...]:
    """Say what changed from one version to another (docs/format/diff.md)."""
    sentences = Sentences.between(older, newer, promises.zone)
    return tuple(
        msgspec.structs.replace(
            change, summary=sentences.summary(change), summary_language=sentences.language.tag
        )
        for change in untold_changes(older, newer, promises)
    )


def untold_changes(older: Register | None, newer: Register, promises: Promises) -> tuple[Change, ...]:
    """Return what changed without the sentences, which are the publisher's own words."""
    comparison = Comparison(older, newer, promises.zone)
    found = sorted(_differences(comparison), key=lambda difference: _WEIGHT[difference.type])
    changes = (_change(number, item, comparison, promises) for number, item in enumerate(found, start=1))
    return tuple(changes)


def diff_document(older: Encoded[Register] | None, newer: Encoded[Register], promises: Promises) -> Diff:
    """Return the diff document of two versions (docs/format/diff.md).

    The patch leads from the older bytes to the newer ones, whichever release of this program wrote
    them: a field that one of the two documents lacks is added or removed, never taken for its default.

    Args:
        older: The older version as it is stored, or ``None``.
        newer: The newer version as it is stored.
        promises: All promises of the register as of the newer version.
    """
    before = None if older is None else older.document
    return Diff(
        register=newer.document.register,
        older=None if older is None else _end(older),
        newer=_end(newer),
        changes=changes_between(before, newer.document, promises),
        patch=tuple(make_patch(None if older is None else older.plain(), newer.plain())),
    )


def _end(version: Encoded[Register]) -> DiffEnd:
    return DiffEnd(version=version.document.version, sha256=version.sha256)


def _differences(comparison: Comparison) -> Iterator[Difference | Column | Reorder]:
    """Yield everything that differs, in order of reading."""
    keys = {place[1]: None for place in comparison.deltas.entries if place[:1] == ("subprocessors",)}
    vendors = [difference for key in keys for difference in vendor_differences(key, comparison)]
    if comparison.older is None:
        yield from vendors
        return
    yield from register_differences(comparison)
    yield from fold_columns(vendors, comparison)
    yield from _reorders(comparison)


def _reorders(comparison: Comparison) -> Iterator[Reorder]:
    for place, order in comparison.deltas.orders.items():
        before, after = order.common()
        if before != after:
            vendor = comparison.vendors[place[1]] if len(place) > 1 else None
            yield Reorder(place=place, before=before, after=after, vendor=vendor)


def _change(
    number: int, difference: Difference | Column | Reorder, comparison: Comparison, promises: Promises
) -> Change:
    vendor = None if isinstance(difference, Column) else difference.vendor
    engagement = difference.engagement if isinstance(difference, Difference) else None
    planned = difference.planned if isinstance(difference, Difference) else None
    return Change(
        id=f"{comparison.newer.version}-{number}",
        type=difference.type,
        kind=kind_of(difference),
        subprocessor=vendor.known.id if vendor else None,
        engagement=engagement.known.id if engagement else None,
        planned=planned.known.id if planned else None,
        affects=affected_by(difference, comparison),
        fields=fields_of(difference),
        notice=notice_of(difference, comparison, promises),
    )
