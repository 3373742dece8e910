"""Two registers in, what a person would want to be told out: in order of weight, with the patch.

The changes depend on the two registers and the promises only, through differences that compose
(``core.deltas``): who reads the diff from version 3 to 7 is told what the steps between amount to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec

from register_api.core.diff.change_notice import notice_of
from register_api.core.diff.change_values import values_of
from register_api.core.diff.changes import Change, ChangeClass, Diff, DiffEnd
from register_api.core.diff.columns import fold_columns
from register_api.core.diff.differences import Column, Comparison, Difference, Reorder
from register_api.core.diff.lifecycle import register_differences, vendor_differences
from register_api.core.diff.plain import to_plain
from register_api.core.diff.summary import summarise
from register_api.core.patch.write import make_patch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from register_api.core.model import Register, Subprocessor
    from register_api.core.notice import Promises

_WEIGHT: dict[ChangeClass, int] = {name: weight for weight, name in enumerate(get_args(ChangeClass))}


def changes_between(older: Register | None, newer: Register, promises: Promises) -> tuple[Change, ...]:
    """Say what changed from one version to another (docs/format.md, The diff).

    Args:
        older: The older version; ``None`` before the first, when every vendor is ``added``.
        newer: The newer version; any later one, or an earlier one to read the change backwards.
        promises: All promises of the register as of the newer version.

    Returns:
        The changes by class in order of weight, within a class in order of reading.
    """
    comparison = Comparison(older, newer, promises.zone)
    found = sorted(_differences(comparison), key=lambda difference: _WEIGHT[difference.class_])
    return tuple(_tell(number, item, comparison, promises) for number, item in enumerate(found, start=1))


def diff_document(
    older: Register | None,
    older_sha256: str | None,
    newer: Register,
    newer_sha256: str,
    promises: Promises,
) -> Diff:
    """Return the diff document of two versions (docs/format.md, The diff).

    Args:
        older: The older version, or ``None``.
        older_sha256: SHA-256 (hex) of its bytes; ``None`` exactly when ``older`` is.
        newer: The newer version.
        newer_sha256: SHA-256 (hex) of its bytes.
        promises: All promises of the register as of the newer version.
    """
    start = None
    if older is not None and older_sha256 is not None:
        start = DiffEnd(version=older.version, sha256=older_sha256)
    return Diff(
        register=newer.register,
        from_=start,
        to=DiffEnd(version=newer.version, sha256=newer_sha256),
        changes=changes_between(older, newer, promises),
        patch=tuple(_patch(older, newer)),
    )


def _patch(older: Register | None, newer: Register) -> list[dict[str, Any]]:
    if older is None:
        return make_patch(None, msgspec.to_builtins(newer))
    same = _unedited(older.subprocessors, newer.subprocessors)
    return make_patch(_abridged(older, same), _abridged(newer, same))


def _abridged(register: Register, same: frozenset[str]) -> Any:
    """Return a register as builtins, with no more than its id for each vendor that no edit touches.

    Of such an entry the patch can only say where it stands (``core.patch``), so the rest is not needed.
    """
    vendors = [
        {"id": vendor.id} if vendor.id in same else msgspec.to_builtins(vendor)
        for vendor in register.subprocessors
    ]
    document = msgspec.to_builtins(msgspec.structs.replace(register, subprocessors=()))
    return {**document, "subprocessors": vendors}


def _unedited(older: Sequence[Subprocessor], newer: Sequence[Subprocessor]) -> frozenset[str]:
    """Return the ids of vendors that say the same in both; none where an id stands twice in one of them."""
    before, after = ({vendor.id: vendor for vendor in vendors} for vendors in (older, newer))
    if (len(before), len(after)) != (len(older), len(newer)):
        return frozenset()
    return frozenset(name for name, vendor in after.items() if before.get(name) == vendor)


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


def _tell(
    number: int, difference: Difference | Column | Reorder, comparison: Comparison, promises: Promises
) -> Change:
    notice = notice_of(difference, comparison, promises)
    names, before, after = values_of(difference)
    vendor = None if isinstance(difference, Column) else difference.vendor
    engagement = difference.engagement if isinstance(difference, Difference) else None
    return Change(
        id=f"{comparison.newer.version}-{number}",
        class_=difference.class_,
        subprocessor=vendor.known.id if vendor else None,
        engagement=engagement.known.id if engagement else None,
        field=names[0] if len(names) == 1 else None,
        fields=names,
        before=to_plain(before),
        after=to_plain(after),
        summary=summarise(difference, notice, comparison),
        notice=notice,
    )
