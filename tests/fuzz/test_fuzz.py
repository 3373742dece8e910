"""Every parser, fed with a few damaged examples; ``run.py`` feeds them for as long as one likes."""

from __future__ import annotations

import pytest
from hypothesis import given

from fuzz.inputs import inputs
from fuzz.registry import TARGETS
from fuzz.runner import EXAMPLES, options
from fuzz.target import Target, examine


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_only_documented_errors_and_one_spelling(target: Target) -> None:
    """Bytes are taken or refused as the docstring says, and what is taken is printed as it came."""

    @options(max(EXAMPLES // target.cost, 2))
    @given(inputs(target))
    def every_example(data: bytes) -> None:
        examine(target, data)

    every_example()


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_good_example_is_taken(target: Target) -> None:
    """Otherwise everything above would be refused at the door, and nothing tested."""
    assert any(examine(target, seed) for seed in target.seeds())
