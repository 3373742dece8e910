"""The bytes that a target is fed with: damaged examples, changed trees, its own tokens, any bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from fuzz.damage import ODD_BYTES, changed_json, damaged

if TYPE_CHECKING:
    from fuzz.target import Target


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Return what a target is fed with; good examples are among it."""
    seeds = target.seeds()
    tokens = (*target.tokens, *ODD_BYTES)
    kinds = [
        st.sampled_from(seeds),
        damaged(seeds, target.tokens),
        damaged(seeds, target.tokens),
        st.lists(st.sampled_from(tokens), max_size=12).map(b"".join),
        st.binary(max_size=200),
    ]
    if target.json:
        kinds += [changed_json(seeds), changed_json(seeds), changed_json(seeds)]
    return st.one_of(kinds)
