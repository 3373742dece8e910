"""A client that takes a reply too slowly is told from one that is on a slow line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from register_api.serve.http.limits import MIN_BYTES_PER_SECOND, Progress

SECONDS = 20.0
FLOOR = int(MIN_BYTES_PER_SECOND * SECONDS)
MUCH = 10**9


def stalled_after(looks: list[tuple[int, int, float]]) -> float | None:
    """Return when a client was found to be too slow, looked at so often; ``None`` if it was not."""
    progress = Progress()
    for left, replies, now in looks:
        if progress.has_stalled(left, replies, now, SECONDS):
            return now
    return None


def test_a_client_that_takes_nothing_is_found_after_the_time() -> None:
    """Not before."""
    assert stalled_after([(MUCH, 1, float(second)) for second in range(60)]) == SECONDS


@given(st.integers(FLOOR, 10 * FLOOR))
def test_a_client_at_the_floor_or_above_is_waited_for(pace: int) -> None:
    """However long the reply is."""
    looks = [(MUCH - number * pace, 1, number * SECONDS) for number in range(50)]
    assert stalled_after(looks) is None


@given(st.integers(0, FLOOR - 1))
def test_a_client_below_the_floor_is_not(pace: int) -> None:
    """A byte now and then buys no time."""
    looks = [(MUCH - number * pace // 40, 1, number * 0.5) for number in range(200)]
    assert stalled_after(looks) == SECONDS


def test_further_replies_restart_the_measurement() -> None:
    """What is left says nothing then: the client may have taken much and been given more."""
    looks = [(MUCH, second // 10, float(second)) for second in range(100)]
    assert stalled_after(looks) is None
    stopped = [*looks, *((MUCH, 9, float(second)) for second in range(100, 200))]
    assert stalled_after(stopped) == 90 + SECONDS
