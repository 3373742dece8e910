"""Ten years of another company's changes are taken over version by version, without a false alarm.

The history is made up (``made_up_history``), in the shapes that real ones have. Who came and who went
is judged by names alone: by what stood on the page before and after.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import jsonpatch
import msgspec
import pytest

from composition import Deltas, between, compose
from made_up_history import COUNTRIES, History, State, make_history
from memory_folder import memory_folder
from publishers import NOW, Publisher
from quick_disk import quick_disk
from register_api.core.canonical import decode, encode, parse
from register_api.core.changes import Change, Diff
from register_api.core.diff.comparison import Pair
from register_api.core.diff.document import changes_between
from register_api.core.documents import VersionList
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.core.patch import apply_patch
from register_api.errors import Refused
from toml_source import write_source
from verify_outcome import failed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from made_up_history import Row

NOTICE_DAYS = 30
CAME = {"added", "replaced"}
WENT = {"ended", "withdrawn"}
SEEDS = (1, 2)

_STATUSES = ("active", "conditional", "available")


class StateImporter:
    """Turns states of a page into sources, as somebody would who keeps ids stable over the years.

    Attributes:
        vendors: Source tables of all vendors that were ever listed, by id.
        order: Their ids in order of reading.
    """

    def __init__(self, time_zone: str) -> None:
        self.time_zone = time_zone
        self.vendors: dict[str, dict[str, Any]] = {}
        self.order: list[str] = []
        self.updated_on: dt.date | None = None
        self._ids: dict[str, str] = {}

    def take(self, state: State) -> None:
        """Bring the tables to what a state says."""
        first = not self.vendors
        day = self.day(state.at)
        for new, old in state.known.renamed.items():
            self._rename(old, new)
        listed: dict[str, list[Row]] = {}
        for row in state.rows:
            listed.setdefault(self._id(row.name), []).append(row)
        for id_, rows in listed.items():
            self._list(id_, rows, None if first else day)
        for id_ in self.vendors.keys() - listed.keys():
            self._take_off(self.vendors[id_], day)
        self._relate(state)
        self.order = [*listed, *(id_ for id_ in self.vendors if id_ not in listed)]
        self.updated_on = day

    def day(self, instant: dt.datetime) -> dt.date:
        """Return the publisher's local day."""
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def write(self, publisher: Publisher) -> None:
        """Write the source as it stands."""
        register = {
            "register": "history.example/sub-processors",
            "updated_on": self.updated_on,
            "order": self.order,
            "publisher": {"name": "Made Up Oy", "time_zone": self.time_zone, "language": "en"},
            "notice": {"days": NOTICE_DAYS, "applies_to": ["addition", "replacement", "activation"]},
            "statuses": [{"id": id_, "title": id_.title()} for id_ in _STATUSES],
            "categories": [{"id": "all", "title": "All of them"}],
        }
        write_source(publisher.source, register, self.vendors)

    def _id(self, name: str) -> str:
        if name not in self._ids:
            plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
            self._ids[name] = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
        return self._ids[name]

    def _rename(self, old: str, new: str) -> None:
        id_ = self._ids[new] = self._ids[old]
        vendor = self.vendors[id_]
        vendor["name"] = new
        vendor["formerly"] = [name for name in (*vendor["formerly"], old) if name != new]

    def _list(self, id_: str, rows: list[Row], day: dt.date | None) -> None:
        """Let a vendor say what its rows say; what is new starts today."""
        vendor = self.vendors.setdefault(id_, {"name": rows[0].name, "formerly": [], "engagements": []})
        vendor["website"] = rows[0].url
        vendor.pop("withdrawn", None)
        left = list(vendor["engagements"])
        for row in rows:
            # Rows have no ids: one that says the same use is the same, and else the next there is.
            fitting = [item for item in left if item["purpose"] == row.purpose] or left[:1]
            if fitting:
                left.remove(fitting[0])
                used_for = fitting[0]
            else:
                used_for = {"id": f"use-{len(vendor['engagements']) + 1}", "starts_on": day}
                vendor["engagements"].append(used_for)
            _resume(used_for, day)
            used_for |= _said(row)
        for used_for in left:
            _end(used_for, day)

    def _take_off(self, vendor: dict[str, Any], day: dt.date) -> None:
        """End what was used for a day at least; what was not even that was never meant."""
        if vendor.get("withdrawn"):
            return
        if any(item.get("starts_on") == day for item in vendor["engagements"]):
            vendor["withdrawn"] = {"reason": "Listed by mistake"}
            return
        for used_for in vendor["engagements"]:
            _end(used_for, day)

    def _relate(self, state: State) -> None:
        """Say how vendors hang together, where that was known."""
        for vendor in self.vendors.values():
            vendor["merged_from"] = []
        for new, old in state.known.replaces.items():
            self.vendors[self._ids[new]]["replaces"] = [self._ids[old]]
        for stays, gone in state.known.merged.items():
            self.vendors[self._ids[stays]]["merged_from"] = [self._ids[gone]]
        for new, whole in state.known.split.items():
            self.vendors[self._ids[new]]["split_from"] = self._ids[whole]


def _said(row: Row) -> dict[str, Any]:
    return {
        "category": "all",
        "status": "active",
        "purpose": row.purpose,
        "data_categories": [row.data] if row.data else None,
        "locations": [{"country": COUNTRIES[row.location]}],
    }


def _end(used_for: dict[str, Any], day: dt.date | None) -> None:
    if used_for.get("ends_on") is None:
        used_for["ends_on"] = day


def _resume(used_for: dict[str, Any], day: dt.date | None) -> None:
    """Let a use that has ended go on; one that ended today never stopped."""
    ended = used_for.pop("ends_on", None)
    if ended not in {None, day}:
        used_for["starts_on"] = day


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A history that was published, and live versions after it.

    Attributes:
        made: For each state of the history, whether it made a version.
        imported: How many versions were taken over.
        registers: Every version, oldest first, with its bytes in ``data``.
        diffs: What each version's stored diff says.
        refused: Rules that refused what must not be published, by what it was.
    """

    history: History
    publisher: Publisher
    made: list[bool]
    imported: int
    registers: list[Register]
    data: list[bytes]
    diffs: list[Diff]
    refused: dict[str, list[str]]


@pytest.fixture(scope="module", params=SEEDS)
def taken(request: pytest.FixtureRequest) -> Iterator[Taken]:
    """A whole history, published state by state with its own instants, and what was published since."""
    history = make_history(request.param)
    with memory_folder() as folder, quick_disk():
        publisher = Publisher(folder)
        made = list(import_history(history, publisher))
        imported = len(publisher.registers())
        refused = publish_live(publisher, history)
        registers = publisher.registers()
        public = publisher.store / "public"
        yield Taken(
            history=history,
            publisher=publisher,
            made=made,
            imported=imported,
            registers=[decode(data, Register) for data in registers.values()],
            data=list(registers.values()),
            diffs=[
                decode((public / tree.VERSION_DIFF.path(number)).read_bytes(), Diff) for number in registers
            ],
            refused=refused,
        )


def import_history(history: History, publisher: Publisher) -> Iterator[bool]:
    """Publish each state as of its own instant; yield whether it made a version."""
    importer = StateImporter(history.time_zone)
    rows: tuple[Row, ...] = ()
    version = 0
    for state in history.states:
        if state.rows != rows:  # else the day that the content is of stays, too
            importer.take(state)
        rows = state.rows
        importer.write(publisher)
        done = publisher.publish(
            NOW, at=state.at, text=state.episode, corrects=version if state.known.corrects else None
        )
        version += done.snapshot is not None
        yield done.snapshot is not None


def publish_live(publisher: Publisher, history: History) -> dict[str, list[str]]:
    """Publish two live versions; try what must not be, and return the rules that refused it."""
    last = history.states[-1]
    refused = {}
    importer = _go_on(history)
    today = importer.day(NOW)
    newcomer = {
        "name": "Zenith Oy",
        "engagements": [
            {
                "id": "use-1",
                **_said(last.rows[0]),
                "starts_on": today + dt.timedelta(days=NOTICE_DAYS - 1),
            }
        ],
    }
    importer.vendors["zenith"] = newcomer
    importer.write(publisher)
    refused["a day too early"] = refusal(publisher, NOW)
    newcomer["engagements"][0]["starts_on"] = today + dt.timedelta(days=NOTICE_DAYS)
    importer.write(publisher)
    publisher.publish(NOW, text="the first live version")
    importer.vendors[importer.order[0]]["engagements"][0]["ends_on"] = today + dt.timedelta(days=10)
    importer.write(publisher)
    refused["history after live"] = refusal(
        publisher, NOW + dt.timedelta(seconds=2), at=NOW + dt.timedelta(seconds=1)
    )
    publisher.publish(NOW + dt.timedelta(seconds=2), text="one will leave")
    return refused


def _go_on(history: History) -> StateImporter:
    """Return the tables as the history left them."""
    importer = StateImporter(history.time_zone)
    for state in history.distinct():
        importer.take(state)
    return importer


def refusal(publisher: Publisher, now: dt.datetime, at: dt.datetime | None = None) -> list[str]:
    """Return the rules that refuse to publish; nothing may have moved."""
    before = publisher.snapshot().generation
    with pytest.raises(Refused) as info:
        publisher.publish(now, at=at)
    assert publisher.snapshot().generation == before
    return [finding.rule for finding in info.value.findings if finding.severity == "error"]


def vendors(changes: Iterable[Change], types: set[str]) -> set[str | None]:
    """Return the vendors that have a change of one of some types."""
    return {change.subprocessor for change in changes if change.type in types}


def mentioned(changes: Iterable[Change]) -> set[str]:
    """Return every vendor whose content changed, those in an added column among them."""
    named = {change.subprocessor for change in changes if change.subprocessor is not None}
    return named.union(*(change.affects for change in changes))


def ids(taken: Taken) -> list[Counter[str]]:
    """Return how often each vendor stands on the page, by id, for each imported version."""
    importer = _go_on(taken.history)
    return [
        Counter({importer._ids[name]: times for name, times in count.items()})
        for count in taken.history.counts()
    ]


def test_there_are_as_many_versions_as_distinct_states(taken: Taken) -> None:
    """A file that was touched without a change makes none; numbers and instants follow each other."""
    distinct = taken.history.distinct()
    assert len(taken.made) - len(distinct) == taken.made.count(False) > 0
    assert taken.imported == len(distinct)
    assert [register.version for register in taken.registers] == list(range(1, taken.imported + 3))
    assert [register.published_at for register in taken.registers[:-2]] == [state.at for state in distinct]
    assert [register.recorded for register in taken.registers] == ["imported"] * taken.imported + ["live"] * 2
    listed = decode((taken.publisher.store / "public" / tree.VERSIONS.path()).read_bytes(), VersionList)
    assert [entry.version for entry in listed.versions] == list(range(1, taken.imported + 3))


def test_who_came_and_went_is_what_the_names_say(taken: Taken) -> None:
    """For each version, from the types of its published diff; a name in more rows came once more."""
    counts = [Counter[str](), *ids(taken)]
    for diff, (before, after) in zip(taken.diffs, itertools.pairwise(counts), strict=False):
        assert vendors(diff.changes, CAME) == set(after - before), diff.newer.version
        assert vendors(diff.changes, WENT) == set(before - after), diff.newer.version


def test_every_patch_gives_the_newer_bytes(taken: Taken) -> None:
    """Applied by us and by another implementation."""
    for diff, (older, newer) in zip(taken.diffs, itertools.pairwise([b"null", *taken.data]), strict=True):
        patch = msgspec.to_builtins(diff.patch)
        assert encode(apply_patch(parse(older), patch)) == newer
        assert encode(jsonpatch.apply_patch(parse(older), patch)) == newer


def test_every_composed_difference_is_the_direct_one(taken: Taken) -> None:
    """Between any two versions, the steps joined one after the other give the whole."""
    versions = [None, *taken.registers]
    steps = list(itertools.starmap(between, itertools.pairwise(versions)))
    for start in range(len(versions) - 1):
        joined = Deltas({}, {})
        for end in range(start, len(steps)):
            joined = compose(joined, steps[end])
            assert joined == between(versions[start], versions[end + 1])


def test_changes_between_any_two_versions_speak_of_the_right_vendors(taken: Taken) -> None:
    """All whose content differs and no others; came and went as the names say.

    Who came and went in between is told as well: a reader who missed it was never told of them.
    """
    counts = ids(taken)
    steps = list(itertools.starmap(between, itertools.pairwise(taken.registers[: taken.imported])))
    promises = taken.publisher.snapshot().state.promises()
    for start, older in enumerate(taken.registers[: taken.imported]):
        joined = Deltas({}, {})
        for end in range(start + 1, taken.imported):
            newer = taken.registers[end]
            joined = compose(joined, steps[end - 1])
            changes = changes_between(older, newer, promises)
            assert mentioned(changes) == content_of(joined)
            off, off_now = withdrawn(older), withdrawn(newer)
            between_them = passed(counts, start, end, off)
            came = set(counts[end] - counts[start]) | between_them
            # Who was taken off, had been used after all, and has ended: both is news.
            went = set(counts[start] - counts[end]) | (between_them & off - set(counts[end]))
            assert vendors(changes, CAME) == came - off_now
            assert vendors(changes, WENT) == (went | came & off_now) - (off & off_now)


def withdrawn(register: Register) -> set[str]:
    """Return the vendors that a version calls listed by mistake."""
    return {vendor.id for vendor in register.subprocessors if vendor.withdrawn}


def content_of(deltas: Deltas) -> set[str]:
    """Return the vendors of which something differs that is content."""
    return {
        str(place[1])
        for place, delta in deltas.entries.items()
        if place[:1] == ("subprocessors",)
        and (delta.before is None or delta.after is None or Pair(delta.before, delta.after).fields())
    }


def passed(counts: list[Counter[str]], start: int, end: int, off: set[str]) -> set[str]:
    """Return who was listed between two versions and not before.

    Args:
        counts: How often each vendor was listed, for each version.
        start: Index of the older version.
        end: Index of the newer version.
        off: Vendors that the older version calls listed by mistake: for it they were never there.
    """
    known = most(counts[: start + 1])
    for name in off:
        del known[name]
    return set(most(counts[start + 1 : end + 1]) - known)


def most(counts: Iterable[Counter[str]]) -> Counter[str]:
    """Return the most rows that each vendor ever had."""
    found: Counter[str] = Counter()
    for count in counts:
        found |= count
    return found


def test_no_history_raises_an_alarm(taken: Taken) -> None:
    """Nothing was promised then, so nothing was broken; what is live is judged again."""
    notices = [[change.notice for change in diff.changes] for diff in taken.diffs]
    assert not any(notice.required for version in notices[: taken.imported] for notice in version)
    (newcomer,) = (notice for notice in notices[taken.imported] if notice.required)
    assert (newcomer.days, newcomer.met) == (NOTICE_DAYS, True)


EPISODES = {
    "one joins": {"added": 1},
    "one leaves": {"ended": 1},
    "one takes another's place": {"replaced": 1, "ended": 1},
    "two take the places of two, and nobody says so": {"added": 2, "ended": 2},
    "one joins in the morning": {"added": 1},
    "a purpose is edited in the afternoon": {"purpose_changed": 1},
    "reordered": {"reordered": 1},
    "renamed": {"renamed": 1},
    "turned about": {"renamed": 1},
    "two become one": {"renamed": 1, "ended": 1},
    "one name in two rows": {"added": 1},
    "one joins with a wrong country": {"added": 1},
    "wrong country put right": {"corrected": 1},
    "four by accident": {"added": 4},
    "four taken off": {"withdrawn": 4},
    "four put back the same day": {"added": 4},
    "four taken off again": {"withdrawn": 4},
    "column added": {"data_changed": 1},
}
"""What is told of an episode; changes of order apart, which joining and leaving bring with them."""


def test_each_episode_is_told_as_what_it_was(taken: Taken) -> None:
    """The changes that a person would expect to be told, and no more."""
    told = {
        state.episode: Counter(change.type for change in diff.changes)
        for state, diff in zip(taken.history.distinct(), taken.diffs, strict=False)
    }
    for episode, expected in EPISODES.items():
        found = told[episode]
        if episode != "reordered":
            del found["reordered"]
        assert found == expected, episode
    assert set(told["links only"]) == {"details_changed"}
    scope = told["back with another scope"]
    assert (scope.total() - scope["reordered"], scope["added"], scope["ended"]) == (28, 2, 3)


def test_the_whole_log_verifies(taken: Taken) -> None:
    """Every version in full, imported and live, on one log."""
    report = taken.publisher.verify()
    assert (report.exit_code, failed(report)) == (0, {})
    assert report.versions_checked == (1, taken.imported + 2)


def test_live_versions_keep_their_rules_on_the_same_log(taken: Taken) -> None:
    """The promise of the page that was taken over binds from the first live version; history is closed."""
    assert taken.refused == {"a day too early": ["R10"], "history after live": ["R15"]}
    assert vendors(taken.diffs[-2].changes, CAME) == {"zenith"}
    assert len(vendors(taken.diffs[-1].changes, WENT)) == 1
