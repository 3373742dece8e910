"""The cache never holds more than it may."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from register_api.serve.reply import BoundedCache
from thoroughness import examples


def test_what_was_used_longest_ago_leaves_first() -> None:
    """Reading a value makes it the most recently used."""
    cache: BoundedCache[str] = BoundedCache(2)
    cache.put("a", "A")
    cache.put("b", "B")
    cache.get("a")
    cache.put("c", "C")
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ("A", None, "C")


def test_a_value_that_is_too_large_is_not_kept() -> None:
    """It would push out everything else and still not fit."""
    cache: BoundedCache[bytes] = BoundedCache(10, len)
    cache.put("small", b"12345")
    cache.put("large", b"x" * 11)
    assert cache.get("large") is None
    assert cache.get("small") == b"12345"


@settings(max_examples=examples(100))
@given(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=8))), st.integers(0, 20))
def test_the_sum_of_costs_is_exact_and_bounded(puts: list[tuple[int, bytes]], limit: int) -> None:
    """Whatever is put under whichever key, the account is right."""
    cache: BoundedCache[bytes] = BoundedCache(limit, len)
    for key, value in puts:
        cache.put(key, value)
        held = [found for key in range(6) if (found := cache.get(key)) is not None]
        assert cache.cost == sum(map(len, held)) <= limit
        assert len(cache) == len(held)
