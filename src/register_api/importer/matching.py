"""Which row is which engagement: ids stay with what they stood for, whatever the order of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from register_api.importer.slugs import free_slug, slug

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from register_api.importer.vendor_list import Use

_WORDS_OF_AN_ID = 5


def match_uses(
    uses: Sequence[Use], known: Mapping[str, Mapping[str, Any]], taken: Collection[str]
) -> dict[str, Use]:
    """Return the engagement's id for each row of one vendor.

    A row is the engagement that said the same; else the one with the same purpose; else the one with the
    same category and products, if there is just one such on either side; else, if one row and one
    engagement are left over, they are the same. What is left then is new.
    """
    found: dict[int, str] = {}
    for likeness in (_all, _purpose, _group):
        _pair(uses, known, found, likeness)
    rest = [index for index in range(len(uses)) if index not in found]
    free = [item for item in known if item not in found.values()]
    if len(rest) == 1 and len(free) == 1:
        found[rest.pop()] = free[0]
    used = {*taken, *known}
    for index in sorted(
        rest, key=lambda index: (_purpose(uses[index].fields), repr(_all(uses[index].fields)))
    ):
        found[index] = free_slug(_proposed(uses[index]), used)
        used.add(found[index])
    return {found[index]: uses[index] for index in range(len(uses))}


def _pair(
    uses: Sequence[Use],
    known: Mapping[str, Mapping[str, Any]],
    found: dict[int, str],
    likeness: Callable[[Mapping[str, Any]], object],
) -> None:
    """Pair rows and engagements that are alike and have no other of the kind."""
    rows: dict[object, list[int]] = {}
    for index, use in enumerate(uses):
        if index not in found:
            rows.setdefault(likeness(use.fields), []).append(index)
    engagements: dict[object, list[str]] = {}
    for item, fields in known.items():
        if item not in found.values():
            engagements.setdefault(likeness(fields), []).append(item)
    for like, indexes in rows.items():
        if len(indexes) == 1 and len(engagements.get(like, ())) == 1:
            found[indexes[0]] = engagements[like][0]


def _all(fields: Mapping[str, Any]) -> object:
    return repr(sorted(fields.items()))


def _purpose(fields: Mapping[str, Any]) -> str:
    return str(fields.get("purpose", ""))


def _group(fields: Mapping[str, Any]) -> tuple[str, str]:
    return str(fields.get("category", "")), str(fields.get("products", ""))


def _proposed(use: Use) -> str:
    words = _purpose(use.fields) or str(use.fields.get("category", ""))
    return slug(words, words=_WORDS_OF_AN_ID)
