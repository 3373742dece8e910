"""How often somebody may ask, and by which network a client is counted."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register_api.web import Limit, client_network

if TYPE_CHECKING:
    from collections.abc import Iterable


def allowed(limit: Limit, instants: Iterable[float]) -> list[float]:
    return [now for now in instants if not limit.take("k", now)]


def test_so_many_at_once_and_then_one_after_the_other() -> None:
    limit = Limit(10, 3600)
    assert len(allowed(limit, [0.0] * 20)) == 10
    assert limit.wait("k", 0) == 360
    assert limit.wait("another", 0) == 0
    assert allowed(limit, [359.0, 360.0, 361.0, 720.0]) == [360.0, 720.0]


@given(st.lists(st.floats(0, 50), max_size=200), st.integers(1, 6))
def test_never_more_than_twice_as_many_in_any_stretch(gaps: list[float], most: int) -> None:
    """At once as many as are allowed, and as many again while that time passes."""
    limit, now, window = Limit(most, 60), 0.0, deque[float]()
    for gap in gaps:
        now += gap
        if not limit.take("k", now):
            window.append(now)
        while window and window[0] < now - 60:
            window.popleft()
        assert len(window) <= 2 * most


@given(st.lists(st.floats(0, 50), max_size=50), st.integers(1, 6))
def test_a_client_that_waits_as_long_as_stated_is_allowed(gaps: list[float], most: int) -> None:
    limit, now = Limit(most, 60), 0.0
    for gap in gaps:
        now += gap
        if wait := limit.take("k", now):
            assert limit.wait("k", now + wait) == 0


def test_what_is_kept_is_bounded() -> None:
    limit = Limit(1, 3600)
    for number in range(20_010):
        limit.count(str(number), 0)
    assert len(limit._next) == 20_000
    assert limit.wait("0", 0) == 0
    assert limit.wait("20009", 0) > 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("192.0.2.1", "", "192.0.2.1/32"),
        ("192.0.2.1", "203.0.113.5", "192.0.2.1/32"),
        ("127.0.0.1", "203.0.113.5", "203.0.113.5/32"),
        ("127.0.0.1", "10.0.0.1, 203.0.113.5", "203.0.113.5/32"),
        ("::1", "2001:db8::1:2", "2001:db8::/64"),
        ("", "2001:db8::ffff:1:2", "2001:db8::/64"),
        ("127.0.0.1", "", "127.0.0.1/32"),
        ("127.0.0.1", "::ffff:203.0.113.5", "203.0.113.5/32"),
        ("fe80::1%eth0", "", "fe80::/64"),
        ("127.0.0.1", "unknown", ""),
        ("127.0.0.1", "203.0.113.5:80", ""),
        ("127.0.0.1", ", ", ""),
        ("testclient", "203.0.113.5", ""),
    ],
)
def test_the_network_of_a_client(peer: str, forwarded: str, network: str) -> None:
    assert client_network(peer, forwarded) == network


@given(st.text(), st.text())
def test_any_header_gives_a_network_or_none(peer: str, forwarded: str) -> None:
    assert "/" in client_network(peer, forwarded) or not client_network(peer, forwarded)
