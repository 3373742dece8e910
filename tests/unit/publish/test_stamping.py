"""The newest checkpoint is stamped once, in a transaction of its own, and nobody waits for it."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from typing import TYPE_CHECKING

import pytest

from breaking_disk import Crash, dying_after
from publishers import NOW, Publisher
from register_api.bounded_http.limits import HttpLimits
from register_api.core.format import tree
from register_api.core.log.proofs import parse_proof
from register_api.errors import NotStamped, StoreLocked
from register_api.publish import stamping
from register_api.publish.stamping import Stamped, newest_stamped, stamp_newest
from register_api.publish.time_authority import TimeAuthority
from register_api.store.transaction import locked
from time_authority import Asked, authority, honest, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND = dt.timedelta(seconds=1)


def today() -> dt.datetime:
    """Return the present instant, which the authority on this machine stamps with."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


@pytest.fixture
def asked() -> Iterator[Asked]:
    """An honest authority that listens."""
    with honest() as found:
        yield found


def stamp(publisher: Publisher, asked: Asked, now: dt.datetime | None = None) -> Stamped | None:
    """Have the newest checkpoint stamped."""
    whom = TimeAuthority(url=asked.url, anchors=authority().anchors, limits=HttpLimits(first_wait=0.01))
    return stamp_newest(publisher.store, whom, now or today())


def test_the_newest_checkpoint_is_stamped_once(publisher: Publisher, asked: Asked) -> None:
    """The bytes are those in the version's proof; openssl agrees; nothing else in the tree changes."""
    publisher.publish(NOW)
    before = publisher.snapshot()
    stamped = stamp(publisher, asked)
    assert stamped is not None
    assert stamped.version == 1
    after = publisher.snapshot()
    path = tree.TIME_STAMP.path(1)
    data = after.read(path)
    assert set(after.manifest.files) - set(before.manifest.files) == {path}
    assert all(after.read(name) == before.read(name) for name in before.manifest.files)
    assert (after.manifest.files[path].cache, after.manifest.files[path].media_type) == (
        "immutable",
        "application/timestamp-reply",
    )
    assert authority().verifies(data, parse_proof(after.read(tree.VERSION_PROOF.path(1))).checkpoint)
    assert stamp(publisher, asked) is None
    assert len(asked.queries) == 1
    assert publisher.snapshot().generation == after.generation
    assert publisher.verify().exit_code == 0


def test_only_the_newest_is_stamped(publisher: Publisher, asked: Asked) -> None:
    """Versions that were published meanwhile are covered by it."""
    for number in range(3):
        publisher.publish_note(f"note {number}", NOW + number * SECOND)
    assert stamp(publisher, asked) is not None
    files = publisher.snapshot().manifest.files
    assert [size for size in (1, 2, 3) if tree.TIME_STAMP.path(size) in files] == [3]


def test_a_refresh_and_a_version_leave_the_stamp_as_it_is(publisher: Publisher, asked: Asked) -> None:
    """It is fixed; status goes by the newest there is."""
    publisher.publish(NOW)
    first = stamp(publisher, asked)
    data = publisher.snapshot().read(tree.TIME_STAMP.path(1))
    publisher.publish_note("second", NOW + SECOND)
    publisher.refresh(today())
    assert newest_stamped(publisher.snapshot()) == first
    second = stamp(publisher, asked)
    assert publisher.snapshot().read(tree.TIME_STAMP.path(1)) == data
    assert newest_stamped(publisher.snapshot()) == second


def test_nothing_published_is_nothing_to_stamp(publisher: Publisher, asked: Asked) -> None:
    """And nobody is asked."""
    assert stamp(publisher, asked) is None
    assert asked.queries == []


def test_without_a_stamp_history_is_stamped_up_to_nowhere(publisher: Publisher) -> None:
    """As in every store so far."""
    publisher.publish(NOW)
    assert newest_stamped(publisher.snapshot()) is None


def test_the_store_is_not_locked_while_the_authority_thinks(publisher: Publisher) -> None:
    """Whoever publishes meanwhile does; the stamp then is of the version that was the newest."""
    publisher.publish(NOW)

    def answer(query: bytes) -> list[bytes]:
        publisher.publish_note("meanwhile", NOW + SECOND)
        return [authority().answer(query)]

    with serving(answer) as asked:
        stamped = stamp(publisher, asked)
    assert stamped is not None
    assert (stamped.version, publisher.snapshot().state.version) == (1, 2)
    assert publisher.verify().exit_code == 0


def test_two_at_once_keep_one_stamp(publisher: Publisher) -> None:
    """What is fixed is not replaced by the second answer."""
    publisher.publish(NOW)
    with honest() as other:

        def answer(query: bytes) -> list[bytes]:
            assert stamp(publisher, other) is not None
            return [authority().answer(query)]

        with serving(answer) as asked:
            assert stamp(publisher, asked) is None
    assert len(other.queries) == 1


def test_a_publisher_at_work_is_not_disturbed(
    publisher: Publisher, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stamp is left for the next time."""
    monkeypatch.setattr(stamping, "locked", functools.partial(locked, wait=0))
    publisher.publish(NOW)
    generation = publisher.snapshot().generation
    with locked(publisher.store), pytest.raises(StoreLocked):
        stamp(publisher, asked)
    assert publisher.snapshot().generation == generation


@pytest.mark.parametrize("calls", range(0, 24, 3))
def test_a_death_on_the_way_leaves_a_whole_publication(
    publisher: Publisher, asked: Asked, calls: int
) -> None:
    """With the stamp or without; the next refresh goes on, and the one after it asks nobody."""
    publisher.publish(NOW)
    with contextlib.suppress(Crash), dying_after(calls):
        stamp(publisher, asked)
    assert publisher.verify().exit_code == 0
    publisher.refresh(today())
    stamp(publisher, asked)
    assert stamp(publisher, asked) is None
    path = tree.TIME_STAMP.path(1)
    checkpoint = parse_proof(publisher.snapshot().read(tree.VERSION_PROOF.path(1))).checkpoint
    assert authority().verifies(publisher.snapshot().read(path), checkpoint)
    assert publisher.verify().exit_code == 0


@pytest.mark.parametrize(
    ("published", "now", "words"),
    [
        (dt.timedelta(minutes=6), dt.timedelta(minutes=6), "before the stated time"),
        (-dt.timedelta(hours=1), -dt.timedelta(minutes=6), "has still to reach"),
    ],
)
def test_a_time_that_customers_would_object_to_is_not_kept(
    publisher: Publisher, asked: Asked, published: dt.timedelta, now: dt.timedelta, words: str
) -> None:
    """The authority's clock and this one's differ by more than five minutes, either way."""
    publisher.publish(today() + published)
    with pytest.raises(NotStamped, match=words):
        stamp(publisher, asked, today() + now)
    assert newest_stamped(publisher.snapshot()) is None


def test_history_taken_over_is_stamped_as_of_today(publisher: Publisher, asked: Asked) -> None:
    """A stamp long after the day that a version names is right: it was made then."""
    publisher.publish(today(), at=today() - dt.timedelta(days=900))
    stamped = stamp(publisher, asked)
    assert stamped is not None
    assert today() - stamped.stamp.at < stamping.CLOCK_TOLERANCE
