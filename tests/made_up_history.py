"""Years of a made-up company's list of sub-processors, as plain rows shaped like real lists.

Names are drawn from syllables. A list is what a page shows: ordered rows, without ids, start dates or
reasons. What only the company knew (a renaming, a row listed in error) is in ``State.known``.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

replace = msgspec.structs.replace

COUNTRIES = {
    "Finland": "FI",
    "Germany": "DE",
    "Ireland": "IE",
    "Japan": "JP",
    "United States": "US",
    "Worldwide": "worldwide",
}
"""Country names on the made-up pages, and their codes in the register."""

ZONES = ("Europe/Helsinki", "America/Los_Angeles", "Pacific/Honolulu")

_HEADS = ("Alder", "Birk", "Cirro", "Delta", "Ember", "Fjord", "Grøn", "Hülse", "Ibis", "Juniper", "Kelp")
_TAILS = ("base", "cast", "desk", "flow", "grid", "mail", "pay", "scope", "stack", "ware")
_FORMS = ("", "", " Inc.", " GmbH", " & Co.", " A/S", ".io")
_USES = (
    "Hosting of the application",
    "Delivery of mail",
    "Payments",
    "Help desk",
    "Reporting of errors",
    "Counting of visits",
    "Text messages",
    "Search",
)
_DATA = ("Names and addresses", "All that customers store", "Payment details", "Log files", "Messages")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the page; the column ``data`` was added later."""

    name: str
    purpose: str
    location: str
    url: str
    data: str | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the editor of a page knew, but the page does not state.

    Attributes:
        renamed: New name to old name.
        replaces: New vendor to the vendor it replaces.
        merged: Surviving vendor to the vendor merged into it.
        split: New vendor to the vendor it was split from.
        corrects: Whether the state corrects the previous one.
    """

    renamed: dict[str, str] = {}
    replaces: dict[str, str] = {}
    merged: dict[str, str] = {}
    split: dict[str, str] = {}
    corrects: bool = False


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The page from a time on (UTC), and the name of what happened."""

    at: dt.datetime
    rows: tuple[Row, ...]
    episode: str
    known: Known = Known()

    @property
    def names(self) -> list[str]:
        """The names in order, with repetitions."""
        return [row.name for row in self.rows]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """All states of a page, oldest first."""

    time_zone: str
    states: tuple[State, ...]

    def distinct(self) -> tuple[State, ...]:
        """Return the states that differ from their predecessors."""
        pairs = itertools.pairwise(self.states)
        return (self.states[0], *(new for old, new in pairs if new.rows != old.rows))

    def first_names(self) -> dict[str, str]:
        """Return every name ever listed, mapped to that vendor's first name."""
        found: dict[str, str] = {}
        for state in self.states:
            for new, old in state.known.renamed.items():
                found.setdefault(new, found[old])
            for name in state.names:
                found.setdefault(name, name)
        return found

    def counts(self) -> list[Counter[str]]:
        """Return for each distinct state how often each vendor is listed, by its first name."""
        first = self.first_names()
        return [Counter(first[name] for name in state.names) for state in self.distinct()]


def make_history(seed: int) -> History:
    """Make up a history of thirty states in about ten years, ordered by the seed."""
    author = _Author(random.Random(seed))  # noqa: S311 (a draw that a test can repeat)
    author.begin()
    episodes: list[Callable[[], None]] = [
        author.join_and_leave,
        author.replace_inside_one_version,
        author.two_versions_on_one_day,
        author.five_versions_on_one_day,
        author.reorder,
        author.rename,
        author.merge_and_split,
        author.list_twice,
        author.put_a_country_right,
        author.publish_by_accident,
        author.change_links_only,
        author.touch_without_change,
        author.come_back,
    ]
    author.random.shuffle(episodes)
    for episode in episodes:
        episode()
    author.add_a_column()
    author.leave_and_return_with_another_scope()
    return History(time_zone=author.random.choice(ZONES), states=tuple(author.states))


class _Author:
    """The editor of the page."""

    def __init__(self, draw: random.Random) -> None:
        self.random = draw
        self.now = dt.datetime(2014, 2, 3, 10, 0, tzinfo=dt.UTC)
        self.rows: list[Row] = []
        self.states: list[State] = []
        names = (head + tail for head in _HEADS for tail in _TAILS)
        shuffled = sorted(names, key=lambda _name: draw.random())
        self._names = (name + draw.choice(_FORMS) for name in shuffled)
        self._fill_data = False

    def begin(self) -> None:
        self.rows = [self.new_row() for _ in range(11)]
        self.write("the first list", months=0)

    def new_row(self, name: str | None = None) -> Row:
        """Draw a row for a given name, or for one that was never listed."""
        row_name = name or next(self._names)
        return Row(
            name=row_name,
            purpose=self.random.choice(_USES),
            location=self.random.choice(list(COUNTRIES)),
            url=f"https://{''.join(filter(str.isascii, row_name)).split()[0].strip('.').lower()}.example/dpa",
            data=self.random.choice(_DATA) if self._fill_data else None,
        )

    def write(
        self, episode: str, known: Known | None = None, *, months: int | None = None, hours: float = 0
    ) -> None:
        """Publish the current page, some months or hours after the last state."""
        passed = self.random.randint(2, 8) if months is None and not hours else months or 0
        self.now += dt.timedelta(days=30 * passed + (self.random.randint(0, 9) if passed else 0), hours=hours)
        if passed:
            # Early in every zone's day, so that versions some hours apart fall on the same date.
            self.now = self.now.replace(hour=self.random.choice((10, 11)), minute=self.random.randint(0, 59))
        self.states.append(State(at=self.now, rows=tuple(self.rows), episode=episode, known=known or Known()))

    def pick(self, count: int = 1) -> list[int]:
        """Draw row numbers of vendors that are listed once."""
        return self.random.sample(self.listed_once(), count)

    def listed_once(self) -> list[int]:
        counts = Counter(row.name for row in self.rows)
        return [number for number, row in enumerate(self.rows) if counts[row.name] == 1]

    def edit(self, numbers: Iterable[int], **fields: str | None) -> None:
        for number in numbers:
            self.rows[number] = replace(self.rows[number], **fields)

    def join_and_leave(self) -> None:
        self.rows.append(self.new_row())
        self.write("one joins")
        del self.rows[self.pick()[0]]
        self.write("one leaves")

    def replace_inside_one_version(self) -> None:
        (number,) = self.pick()
        old, new = self.rows[number], self.new_row()
        self.rows[number] = replace(new, purpose=old.purpose)
        self.write("one takes another's place", Known(replaces={new.name: old.name}))
        for number in self.pick(2):
            self.rows[number] = replace(self.new_row(), purpose=self.rows[number].purpose)
        self.write("two take the places of two, and nobody says so")

    def two_versions_on_one_day(self) -> None:
        self.rows.insert(0, self.new_row())
        self.write("one joins in the morning")
        self.edit(self.pick(), purpose="Everything that is left")
        self.write("a purpose is edited in the afternoon", hours=2.5)

    def five_versions_on_one_day(self) -> None:
        self.rows.append(self.new_row())
        self.write("five versions on one day: one joins")
        self.rows.append(self.new_row())
        self.write("another joins", hours=0.5)
        gone = self.rows.pop(self.pick()[0])
        self.write("of the five, one leaves", hours=1)
        self.rows.append(gone)
        self.write("and comes back at the end", hours=0.25)
        self.edit(self.pick(), location="Ireland")
        self.edit(self.pick(), location="Finland")
        self.rows[-2:] = self.rows[:-3:-1]
        self.write("countries and order", hours=1.5)

    def reorder(self) -> None:
        before = list(self.rows)
        while self.rows == before:
            self.random.shuffle(self.rows)
        self.write("reordered")

    def rename(self) -> None:
        (number,) = self.pick()
        old = self.rows[number].name
        brand = next(self._names).split()[0]
        self.edit([number], name=f"{brand} ({old})")
        self.write("renamed", Known(renamed={f"{brand} ({old})": old}))
        self.edit([number], name=f"{old} ({brand})")
        self.write("turned about", Known(renamed={f"{old} ({brand})": f"{brand} ({old})"}))

    def merge_and_split(self) -> None:
        stays, goes = self.pick(2)
        kept, gone = self.rows[stays], self.rows[goes]
        both = f"{kept.name} and {gone.name}"
        self.edit([stays], name=both)
        del self.rows[goes]
        self.write("two become one", Known(renamed={both: kept.name}, merged={both: gone.name}))
        self.rows = [replace(row, name=kept.name) if row.name == both else row for row in self.rows]
        self.rows.append(gone)
        known = Known(renamed={kept.name: both}, split={gone.name: kept.name})
        self.write("and two again", known, months=24)

    def list_twice(self) -> None:
        row = self.rows[self.pick()[0]]
        self.rows.append(replace(row, purpose=f"{row.purpose} for visitors"))
        self.write("one name in two rows")

    def put_a_country_right(self) -> None:
        wrong = self.new_row()
        right = "Germany" if wrong.location != "Germany" else "Japan"
        self.rows.append(wrong)
        self.write("one joins with a wrong country")
        self.rows[-1] = replace(wrong, location=right)
        self.write("wrong country put right", Known(corrects=True), hours=20)

    def publish_by_accident(self) -> None:
        four = [self.new_row() for _ in range(4)]
        self.rows += four
        self.write("four by accident")
        self.rows = self.rows[:-4]
        self.write("four taken off", hours=0.5)
        self.rows += four
        self.write("four put back the same day", hours=2)
        self.rows = self.rows[:-4]
        self.write("four taken off again", hours=0.5)

    def change_links_only(self) -> None:
        self.rows = [replace(row, url=row.url.replace("/dpa", "/privacy")) for row in self.rows]
        self.write("links only")

    def touch_without_change(self) -> None:
        self.write("the file was touched, the list was not")

    def come_back(self) -> None:
        (number,) = self.pick()
        gone = self.rows.pop(number)
        self.write("one leaves for now")
        self.rows.insert(0, replace(gone, purpose="Hosting of backups"))
        self.write("it comes back for something else")

    def add_a_column(self) -> None:
        self._fill_data = True
        self.rows = [replace(row, data=self.random.choice(_DATA)) for row in self.rows]
        self.write("column added")

    def leave_and_return_with_another_scope(self) -> None:
        """Make 28 differences, five of them starts and ends, after fifteen months."""
        for number in sorted(self.pick(3), reverse=True):
            del self.rows[number]
        kept = self.listed_once()
        edits = [(number, field) for field in ("purpose", "url", "data") for number in kept]
        for number, field in edits[: 28 - 5]:
            old = getattr(self.rows[number], field)
            self.edit([number], **{field: f"{old}2" if field == "url" else f"{old}, for one product"})
        self.rows += [self.new_row(), self.new_row()]
        self.write("back with another scope", months=15)
