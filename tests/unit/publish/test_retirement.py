"""What leaves ``trust/``: all that no timestamp of the last 31 days leads to, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trust_tree import NOW, Tree

from memory_folder import memory_folder
from publishers import Publisher
from register_api.core.format import tree
from register_api.core.format.paths import target_copy
from register_api.publish.signing.keyring import Keyring
from register_api.publish.trust import repository
from register_api.publish.trust.metadata import metadata_path
from register_api.publish.trust.repository import KEPT, MAX_AT_ONCE, expired_metadata
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher
from register_api.verify.options import Options
from thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = dt.timedelta(days=1)


class Repository(Tree):
    """A tree that knows when its files were published, and every timestamp that was ever served.

    Attributes:
        instants: When each file's bytes were published.
        served: Each timestamp with the instant at which another one took its place.
    """

    def __init__(self, keyring: Keyring) -> None:
        self.instants: dict[str, dt.datetime] = {}
        self.served: list[tuple[bytes, dt.datetime | None]] = []
        self.reads: list[str] = []
        super().__init__(keyring, NOW)

    def step(self, now: dt.datetime, version: int | None) -> tuple[str, ...]:
        """Publish a version, or refresh, as the publisher does; returns what left."""
        gone = self.expired_metadata(now) if version is not None else ()
        before = dict(self)
        files = self.refresh(now) if version is None else self.publish(now, version)
        self.instants |= {path: now for path, data in files.items() if before.get(path) != data}
        if self.served:
            self.served[-1] = (self.served[-1][0], now)
        self.served.append((self[tree.TIMESTAMP.path()], None))
        for path in gone:
            if path not in files:
                del self[path]
        return gone

    def expired_metadata(self, now: dt.datetime) -> tuple[str, ...]:
        """Ask what may leave."""
        self.reads.clear()
        return expired_metadata(
            self._read, lambda path: self.instants.get(path) if path in self else None, now
        )

    def led_to(self, now: dt.datetime) -> Iterator[str]:
        """Yield all that timestamps lead to which were served within the last 31 days."""
        for data, until in self.served:
            if until is None or until > now - KEPT:
                yield from self._below(data)

    def stored(self, role: str) -> list[int]:
        """Return the versions of a role that are there."""
        return sorted(int(path.split("/")[1].split(".")[0]) for path in self if f".{role}.json" in path)

    def _read(self, path: str) -> bytes:
        self.reads.append(path)
        return self[path]

    def _below(self, timestamp: bytes) -> Iterator[str]:
        snapshot = metadata_path("snapshot", _meta(timestamp)["snapshot.json"]["version"])
        yield snapshot
        targets = metadata_path("targets", _meta(self[snapshot])["targets.json"]["version"])
        yield targets
        for name, target in json.loads(self[targets])["signed"]["targets"].items():
            yield target_copy(name, target["hashes"]["sha256"])


def _meta(data: bytes) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = json.loads(data)["signed"]["meta"]
    return found


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """A set of keys, 1 of 1."""
    return Keyring(tmp_path_factory.mktemp("keys") / "keys", create=True)


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory."""
    with memory_folder() as folder:
        yield folder


def test_nothing_leaves_before_the_first_publication(keyring: Keyring) -> None:
    """There is a root then, and it never leaves."""
    assert Repository(keyring).expired_metadata(NOW) == ()


def test_what_was_replaced_more_than_31_days_ago_leaves(keyring: Keyring) -> None:
    """Counted from the successor: the metadata of version 1 and the copies that are its own."""
    made = Repository(keyring)
    made.step(NOW, 1)
    first = set(made)
    made.step(NOW + 100 * DAY, 2)
    assert made.expired_metadata(NOW + 131 * DAY) == ()
    gone = set(made.expired_metadata(NOW + 131 * DAY + dt.timedelta(seconds=1)))
    kept = {
        "trust/1.root.json",
        tree.TIMESTAMP.path(),
        *(path for path in first if path.endswith(".keys.json")),
    }
    assert gone == first - kept
    assert len(gone) == 6


def test_bytes_that_are_still_named_stay(keyring: Keyring) -> None:
    """Also when they came back after other bytes; the list of keys was the same all the time."""
    made = Repository(keyring)
    for number, version in enumerate((1, 2, 1, 3)):
        made.step(NOW + number * DAY, version)
    again = [path for path in made if made[path] == b'{"version":1}']
    gone = made.expired_metadata(NOW + 33 * DAY)  # the first was replaced 32 days ago, the second 31
    assert "trust/1.targets.json" in gone
    assert "trust/2.targets.json" not in gone
    assert len(again) == 1
    assert again[0] in made.led_to(NOW + 33 * DAY)
    assert again[0] not in gone


def test_the_newest_never_leaves(keyring: Keyring) -> None:
    """However long nothing was published."""
    made = Repository(keyring)
    made.step(NOW, 1)
    assert made.expired_metadata(NOW + 300 * DAY) == ()


def test_old_snapshots_of_refreshes_leave(keyring: Keyring) -> None:
    """A refresh makes a new one when less than half of the time is left; the newest targets stay."""
    made = Repository(keyring)
    made.step(NOW, 1)
    made.step(NOW + 201 * DAY, None)
    assert made.stored("snapshot") == [1, 2]
    assert made.expired_metadata(NOW + 233 * DAY) == ("trust/1.snapshot.json",)
    assert made.step(NOW + 233 * DAY, None) == ()
    made.step(NOW + 233 * DAY, 2)
    assert (made.stored("snapshot"), made.stored("targets")) == ([2, 3], [1, 2])


def test_a_clock_that_went_back_lets_nothing_leave(keyring: Keyring) -> None:
    """What was published in the future is not old."""
    made = Repository(keyring)
    made.step(NOW, 1)
    made.step(NOW + DAY, 2)
    assert made.expired_metadata(NOW - 300 * DAY) == ()


def test_a_damaged_old_file_keeps_others_and_hinders_nothing(keyring: Keyring) -> None:
    """What is new has to be published all the same."""
    made = Repository(keyring)
    made.step(NOW, 1)
    made.step(NOW + DAY, 2)
    made.step(NOW + 2 * DAY, 3)
    made["trust/1.targets.json"] = b"{}"
    assert made.expired_metadata(NOW + 40 * DAY) == ()
    assert made.step(NOW + 40 * DAY, 4) == ()


@settings(max_examples=examples(15), deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0.2, 1, 5, 16, 30.99, 31, 32, 40]), st.none() | st.integers(1, 6)),
        max_size=7,  # the root is good for 400 days
    )
)
def test_every_timestamp_of_31_days_leads_to_all_it_names(
    keyring: Keyring, steps: list[tuple[float, int | None]]
) -> None:
    """After any order of publications and refreshes; what no such timestamp names does not stay long."""
    made, now, version = Repository(keyring), NOW, 0
    made.step(now, 0)
    for days, change in steps:
        now += dt.timedelta(days=days)
        # Versions go up, as those of a register do; now and then the same is vouched for anew.
        version += 0 if change is None else change % 3
        made.step(now, None if change is None else version)
        led_to = set(made.led_to(now))
        assert led_to <= made.keys()
        assert "trust/1.root.json" in made
    for _ in range(3):
        now += 32 * DAY
        made.step(now, version)
    roots = {"trust/1.root.json", tree.TIMESTAMP.path()}
    assert made.keys() - roots == set(made.led_to(now))


def test_a_store_that_never_retired_gets_there_in_steps(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No single publication has to take away the whole past."""
    monkeypatch.setattr(repository, "MAX_AT_ONCE", 3)
    made = Repository(keyring)
    for number in range(8):
        made.publish(NOW + number * DAY, number)
        made.instants |= dict.fromkeys(made.keys() - made.instants.keys(), NOW + number * DAY)
    for left in (range(4, 10), range(7, 11), range(8, 12), range(8, 13)):
        made.step(NOW + 100 * DAY, left[-1])
        assert made.stored("snapshot") == made.stored("targets") == list(left)
    assert MAX_AT_ONCE == 100


def test_how_much_is_read_does_not_grow_with_the_past(keyring: Keyring) -> None:
    """Nothing to retire: the newest metadata alone is read, however many versions there are."""
    made = Repository(keyring)
    for number in range(40):
        made.step(NOW + number * DAY / 10, number)
    assert made.expired_metadata(NOW + 5 * DAY) == ()
    assert made.reads == [tree.TIMESTAMP.path(), "trust/40.snapshot.json", "trust/40.targets.json"]
    for number in range(40, 60):
        made.step(NOW + (number - 39) * 15 * DAY, number)
    made.expired_metadata(NOW + 21 * 15 * DAY)
    assert len(made.reads) <= 7


def test_a_publication_takes_the_outlived_away(memory: Path) -> None:
    """From the store and its public folder, compressed forms and all; what is left still holds."""
    publisher = Publisher(memory)
    today = dt.datetime.now(dt.UTC).replace(microsecond=0)
    publisher.publish(today - 100 * DAY)
    public = publisher.store / "public" / "trust"
    first = {path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()}
    publisher.publish_note("second", today - 50 * DAY)
    assert first <= {path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()}
    publisher.publish_note("third", today - DAY)
    left = {path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()}
    gone = {name.partition(".gz")[0].partition(".br")[0].partition(".zst")[0] for name in first - left}
    assert {"1.snapshot.json", "1.targets.json"} < gone
    assert len(gone) == 6, gone
    assert not any(name.startswith(tuple(gone)) for name in left)
    assert {f"trust/{name}" for name in gone}.isdisjoint(publisher.snapshot().manifest.files)
    assert "1.root.json" in left
    assert publisher.verify().exit_code == 0


def test_a_customer_who_remembers_what_has_left_goes_on(memory: Path, tmp_path: Path) -> None:
    """A state of 90 days ago, whose snapshot and targets are no longer served."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    publisher = Publisher(memory)
    publisher.publish(now - dt.timedelta(hours=2))
    assert publisher.verify(tmp_path / "state").exit_code == 0
    publisher.publish_note("second", now - dt.timedelta(hours=1))
    _age(publisher, 2 * KEPT)
    publisher.refresh(now)
    assert "trust/1.targets.json" in publisher.snapshot().manifest.files
    publisher.publish_note("third", now)
    assert "trust/1.targets.json" not in publisher.snapshot().manifest.files
    fetcher = FolderFetcher(publisher.store / "public")
    report = verify("folder", Options(wait=0, state=tmp_path / "state"), now, fetcher=fetcher).report
    assert report.exit_code == 0


def _age(publisher: Publisher, by: dt.timedelta) -> None:
    """Let the store's files have been published earlier than they were."""
    snapshot = publisher.snapshot()
    folder = publisher.store / "generations" / str(snapshot.generation)
    text = (folder / "manifest.json").read_text("utf-8")
    state = json.loads((folder / "state.json").read_text("utf-8"))
    for day in {
        entry.published_at for entry in map(snapshot.manifest.files.get, snapshot.manifest.files) if entry
    }:
        text = text.replace(f"{day:%Y-%m-%dT%H:%M:%SZ}", f"{day - by:%Y-%m-%dT%H:%M:%SZ}")
    (folder / "manifest.json").write_text(text, "utf-8")
    state["manifest_sha256"] = None
    (folder / "state.json").write_text(json.dumps(state), "utf-8")
