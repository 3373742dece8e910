"""What the uses on the page of the register can be filtered by: values that occur, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from register_api.core.language.language import capital
from register_api.core.model import Category, Product, StatusText
from register_api.publish.page.view import GONE, PageRow, PageView

_Words: TypeAlias = "Mapping[str, str]"


class Choice(msgspec.Struct, frozen=True):
    """A value of a filter.

    Attributes:
        value: As rows are marked with it.
        label: In words.
        uses: How many rows have it.
        own: Whether the label is a text of the publisher's.
    """

    value: str
    label: str
    uses: int
    own: bool


class Filter(msgspec.Struct, frozen=True):
    """A filter of which one value is chosen: its name in the address, and what it offers."""

    name: str
    label: str
    choices: list[Choice]


class Filters(msgspec.Struct, frozen=True):
    """All filters of the page.

    Attributes:
        choices: Those of which a value is chosen, as far as there are two to choose from.
        in_use: How many rows are in use on the day of the page.
        outside: How many have a place outside the EEA.
    """

    choices: list[Filter]
    in_use: int
    outside: int


def filters(view: PageView, rows: Sequence[PageRow]) -> Filters | None:
    """Return by what rows can be filtered; ``None`` if there are none."""
    if not rows:
        return None
    found = [
        Filter(name, label, list(_choices(name, own, ours, rows)))
        for name, label, own, ours in _kinds(view, rows)
    ]
    return Filters(
        choices=[each for each in found if len(each.choices) > 1],
        in_use=sum(row.state == "in_force" for row in rows),
        outside=sum(row.is_outside for row in rows),
    )


def _kinds(view: PageView, rows: Sequence[PageRow]) -> Iterator[tuple[str, str, _Words, _Words]]:
    """Yield name and label of each filter, and its values in words: the publisher's, then the page's.

    They are offered in that order.
    """
    language, register = view.language, view.register
    countries = {code: language.country(code) for code in _counted("country", rows)}
    later = {
        "announced": language.text("Upcoming"),
        "ended": language.text("Former"),
        "cancelled": language.text(GONE["cancelled"]),
    }
    yield "category", language.text("Category"), _titles(register.categories), {}
    yield "status", language.text("Status"), _titles(register.statuses), later
    yield "country", language.text("Country"), {}, dict(sorted(countries.items(), key=lambda item: item[1]))
    yield "product", language.text("Product"), _titles(register.products), {}


def _titles(items: Iterable[Category | Product | StatusText]) -> dict[str, str]:
    return {item.id: item.title for item in items}


def _choices(name: str, own: _Words, ours: _Words, rows: Sequence[PageRow]) -> Iterator[Choice]:
    """Yield the values that occur; last those without words, which a register may have, by their names."""
    found, words = _counted(name, rows), {**ours, **own}
    for value in dict.fromkeys((*own, *ours, *found)):
        if value in found:
            yield Choice(value, words.get(value) or capital(value), found[value], value in own)


def _counted(name: str, rows: Sequence[PageRow]) -> Counter[str]:
    return Counter(value for row in rows for value in row.marks.get(f"data-{name}", "").split())
