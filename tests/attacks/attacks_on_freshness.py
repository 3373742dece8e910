"""Attacks on freshness: old, frozen and mixed metadata, stolen online keys, and clocks."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING

from attack import Room, honest, three_versions
from changes import change, damaged, put

from memory_log import private_key
from memory_publisher import NOW
from register_api.core.format import tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memory_publisher import MemoryPublisher

ROOM = Room("freshness", "Whether what is served is the newest: timestamp, snapshot, targets, clocks.")

PAST = NOW - dt.timedelta(seconds=1)
EXPIRY = dt.timedelta(hours=48)
SECOND = dt.timedelta(seconds=1)
TIMESTAMP, SNAPSHOT, TARGETS = tree.TIMESTAMP.path(), "trust/3.snapshot.json", "trust/3.targets.json"
BILLION = 10**9


@ROOM.attack(14, "V02", remembers=True)
def older_timestamp_that_has_not_expired(publisher: MemoryPublisher) -> Mapping[str, bytes]:
    """Goes back to the publication before, whose timestamp is still good."""
    publisher = type(publisher)().publish().publish()
    assert publisher.timestamp_version < 3
    return publisher.files


@ROOM.attack(
    0, why="Not found: nothing tells it from an honest host. what-a-thief-gets.md says how long it can last."
)
def older_publication_to_a_stranger(publisher: MemoryPublisher) -> Mapping[str, bytes]:
    """Goes back to the publication before, for a customer who remembers nothing."""
    return type(publisher)().publish().publish().files


@ROOM.attack(15, "V02", remembers=True)
def another_third_version_under_the_same_numbers(publisher: MemoryPublisher) -> Mapping[str, bytes]:
    """Publishes a third version again, as from a restored backup: snapshot 3 and targets 3 of other bytes."""
    other = type(publisher)().publish().publish().publish(updated_on=NOW.date())
    other.refresh()
    return other.files


ROOM.again(
    ROOM.attacks[-1],
    "another third version under the same numbers, quick",
    "The same, to a customer in a hurry.",
    arguments=lambda _: ("--quick",),
)


@ROOM.attack(15, "V02", remembers=True)
def another_third_version_and_its_targets_withheld(publisher: MemoryPublisher) -> Mapping[str, bytes]:
    """Does so, and withholds snapshot, targets and register: what is left contradicts what was seen."""
    files = another_third_version_under_the_same_numbers(publisher)
    gone = (SNAPSHOT, TARGETS, tree.REGISTER.path(), tree.CHECKPOINT.path())
    return {path: data for path, data in files.items() if path not in gone and "targets/" not in path}


@ROOM.attack(15, "V10", remembers=True)
def another_history_that_is_longer(publisher: MemoryPublisher) -> Mapping[str, bytes]:
    """Goes on from the other third version: the numbers are higher, the log is another one."""
    other = type(publisher)().publish().publish().publish(updated_on=NOW.date()).publish()
    return other.files


ROOM.add(
    "frozen, a second before expiry",
    "Serves the same timestamp for as long as it is good.",
    honest,
    0,
    why="Not found before it expires; the report says until when.",
    later=EXPIRY - SECOND,
    says=("Fresh until:",),
)
ROOM.add(
    "frozen, at expiry", "Serves the same timestamp to the last second.", honest, 13, "V02", later=EXPIRY
)
ROOM.add(
    "frozen, a second after expiry",
    "Serves the same timestamp on.",
    honest,
    13,
    "V02",
    later=EXPIRY + SECOND,
)
ROOM.add(
    "frozen, seen before",
    "Serves the same timestamp on to a customer who knows it.",
    honest,
    13,
    "V02",
    later=EXPIRY + SECOND,
    remembers=True,
)
ROOM.add(
    "frozen for years",
    "Serves the same files in ten years.",
    honest,
    16,
    "V02",
    why="Everything has expired; the root decides, since without it nothing else can be judged.",
    later=dt.timedelta(days=3650),
)
ROOM.add(
    "clock before what was seen",
    "Has the customer's clock set back to before the newest version.",
    honest,
    19,
    "V07",
    remembers=True,
    later=dt.timedelta(days=-200),
)
ROOM.add(
    "clock before the newest version",
    "Has a stranger's clock set back.",
    honest,
    19,
    "V07",
    later=dt.timedelta(days=-200),
)
ROOM.add(
    "clock years off", "Has the clock set back to 1999.", honest, 19, "V07", later=dt.timedelta(days=-9800)
)


@ROOM.attack(
    19, "V07", later=dt.timedelta(days=-200), why="An expired timestamp is not judged by such a clock."
)
def stale_under_a_clock_set_back(publisher: MemoryPublisher) -> None:
    """Serves a stale timestamp, and has the customer's clock set back."""
    publisher.refresh(expires=NOW + dt.timedelta(days=1))


@ROOM.attack(13, "V02")
def expired_timestamp(publisher: MemoryPublisher) -> None:
    """Stops renewing."""
    publisher.refresh(expires=PAST)


@ROOM.attack(13, "V02")
def expired_snapshot(publisher: MemoryPublisher) -> None:
    """Renews the timestamp alone for too long."""
    publisher.vouch_snapshot(expires=PAST)


@ROOM.attack(13, "V02")
def expired_targets(publisher: MemoryPublisher) -> None:
    """Never publishes."""
    publisher.vouch(expires=PAST)


@ROOM.attack(16, "V02")
def timestamp_by_a_stranger(publisher: MemoryPublisher) -> None:
    """Signs freshness with a key of the attacker's own."""
    publisher.online_key = private_key(91)
    publisher.refresh()


@ROOM.attack(16, "V02")
def timestamp_by_the_targets_key(publisher: MemoryPublisher) -> None:
    """Signs freshness with a key that is good for something else."""
    publisher.online_key = publisher.targets_key
    publisher.refresh()


@ROOM.attack(16, "V02")
def targets_by_a_stolen_online_key(publisher: MemoryPublisher) -> None:
    """Vouches for another register with the online key alone."""
    publisher.write_signed(
        tree.REGISTER.path(), put(publisher.files[tree.REGISTER.path()], b"Acme 3", b"Evil 3")
    )
    publisher.targets_key = publisher.online_key
    publisher.vouch()


@ROOM.attack(12, "V02")
def timestamp_says_another_day(publisher: MemoryPublisher) -> None:
    """Lets the timestamp expire in 2099."""
    year = f'"expires":"{(NOW + EXPIRY).year}'.encode()
    publisher.files[TIMESTAMP] = put(publisher.files[TIMESTAMP], year, b'"expires":"2099')


ROOM.add(
    "timestamp under another key's name",
    "Names another key beside a good signature.",
    damaged(TIMESTAMP, lambda data: change(data, rb'"keyid":"(.)')),
    16,
    "V02",
)


@ROOM.attack(14, "V02")
def older_snapshot_under_the_newest_name(publisher: MemoryPublisher) -> None:
    """Mixes the newest timestamp with an older snapshot."""
    publisher.files[SNAPSHOT] = publisher.files["trust/2.snapshot.json"]


@ROOM.attack(14, "V02")
def older_targets_under_the_newest_name(publisher: MemoryPublisher) -> None:
    """Mixes the newest snapshot with older targets."""
    publisher.files[TARGETS] = publisher.files["trust/2.targets.json"]


@ROOM.attack(
    12, "V02", why="A numbered file never changes: whatever else lies there does not fit its digest."
)
def newer_targets_under_an_older_name(publisher: MemoryPublisher) -> Mapping[str, bytes]:
    """Mixes a snapshot with newer targets."""
    before = dict(publisher.files)
    publisher.vouch()  # over the same files, so of the same length, which is looked at first
    return {**before, TARGETS: publisher.files["trust/4.targets.json"]}


@ROOM.attack(12, "V02")
def snapshot_in_place_of_the_targets(publisher: MemoryPublisher) -> None:
    """Serves one kind of metadata as another."""
    publisher.files[TARGETS] = publisher.files[SNAPSHOT]


@ROOM.attack(11, "V02")
def snapshot_in_place_of_the_timestamp(publisher: MemoryPublisher) -> None:
    """Serves what the same key signed for another role."""
    publisher.files[TIMESTAMP] = publisher.files[SNAPSHOT]


@ROOM.attack(14, "V02", remembers=True)
def older_targets_vouched_for_by_a_stolen_online_key(publisher: MemoryPublisher) -> None:
    """Names the publication before as the newest, with the online key, to a customer who knows better."""
    publisher.targets_version = 2
    publisher.vouch_snapshot()


@ROOM.attack(15, "V02", remembers=True)
def two_timestamps_of_one_version(publisher: MemoryPublisher) -> None:
    """Says two things under one number, with a stolen online key."""
    publisher.timestamp_version -= 1
    publisher.refresh(expires=NOW + dt.timedelta(hours=47))


@functools.cache
def fast_forwarded() -> MemoryPublisher:
    """Return a publisher after a thief of the online key has counted to a thousand million."""
    publisher = three_versions().copy()
    publisher.timestamp_version = publisher.snapshot_version = BILLION
    publisher.vouch_snapshot()
    return publisher


@functools.cache
def all_fast_forwarded() -> MemoryPublisher:
    """Return a publisher after a thief of targets and online key has counted as far."""
    publisher = three_versions().copy()
    publisher.timestamp_version = publisher.snapshot_version = publisher.targets_version = BILLION
    publisher.vouch()
    return publisher


def _count_from_three(publisher: MemoryPublisher) -> None:
    publisher.timestamp_version = publisher.snapshot_version = publisher.targets_version = 3


@ROOM.attack(
    14, "V02", begin=fast_forwarded, remembers=True, why="The customer is told; the next two show the cure."
)
def fast_forward(publisher: MemoryPublisher) -> None:
    """Counts to a thousand million with a stolen online key; the publisher goes on from 3."""
    _count_from_three(publisher)
    publisher.publish()


@ROOM.attack(
    0,
    begin=fast_forwarded,
    remembers=True,
    why="Recovered: with a new key in the root its numbers begin anew.",
)
def fast_forward_after_rotating_online(publisher: MemoryPublisher) -> None:
    """The publisher rotates the online key, and goes on from 3."""
    _count_from_three(publisher)
    publisher.online_key = private_key(75)
    publisher.add_root()
    publisher.publish()


@ROOM.attack(0, begin=all_fast_forwarded, remembers=True, why="Recovered likewise.")
def fast_forward_of_all_after_rotating_both(publisher: MemoryPublisher) -> None:
    """Targets were counted up, too; the publisher rotates both keys, and goes on from 3."""
    _count_from_three(publisher)
    publisher.online_key, publisher.targets_key = private_key(75), private_key(76)
    publisher.add_root()
    publisher.publish()


@ROOM.attack(11, "V02", why="A stranger could be held at an old version for as long.")
def timestamp_for_years(publisher: MemoryPublisher) -> None:
    """Signs, with the stolen online key, a timestamp that is good for ten years."""
    publisher.refresh(expires=NOW + dt.timedelta(days=3650))


@ROOM.attack(11, "V02", why="The publisher may choose up to 31 days.")
def timestamp_for_32_days(publisher: MemoryPublisher) -> None:
    """Signs, with the online key, a timestamp that is good for a day longer than the format allows."""
    publisher.refresh(signed_at=NOW, expires=NOW + dt.timedelta(days=32))


@ROOM.attack(11, "V02", why="Both ends of its time are counted, so the later one alone is no way around.")
def timestamp_signed_in_the_future(publisher: MemoryPublisher) -> None:
    """Signs a timestamp that says it is of a day after its end."""
    said = NOW + dt.timedelta(days=40)
    publisher.refresh(expires=NOW + dt.timedelta(days=20), signed_at=said, as_said=True)


@ROOM.attack(19, "V07", why="Remembered, it would make each right version look dated back.")
def timestamp_of_tomorrow(publisher: MemoryPublisher) -> None:
    """Signs a timestamp by a clock that is a day ahead of the customer's."""
    publisher.refresh(signed_at=NOW + dt.timedelta(days=1))


def _seen_now() -> MemoryPublisher:
    publisher = three_versions().copy()
    publisher.refresh(signed_at=NOW)
    return publisher


@ROOM.attack(15, "V32", begin=_seen_now, remembers=True, says=("backdated",))
def version_dated_back_by_a_day(publisher: MemoryPublisher) -> None:
    """Publishes a version of yesterday, though the customer has a timestamp of today without it."""
    publisher.publish(published_at=NOW - dt.timedelta(days=1))
