"""P11: cost of encoding a register of 1,000 vendors with msgspec, compared with the package rfc8785.

.venv/bin/python bench/canonical.py
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import goals
import histories
import rfc8785

from register_api.core.canonical import decode, encode, parse
from register_api.core.format import tree
from register_api.core.model import Register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 9
GOAL = 10.0


def milliseconds(function: Callable[[Any], bytes], document: Any) -> float:
    """Return the CPU time of one call."""
    before = time.process_time()
    function(document)
    return (time.process_time() - before) * 1e3


def measure(folder: Path) -> Iterator[goals.Result]:
    """Encode the same register alternately; the bytes must be equal."""
    publisher = histories.small_history(folder / "canonical", 1)
    histories.grow_large(publisher)
    data = publisher.snapshot().read(tree.REGISTER.path())
    register, plain = decode(data, Register), parse(data)
    if encode(register) != data or rfc8785.dumps(plain) != data:
        raise AssertionError("the two encodings differ")
    rounds = [(milliseconds(rfc8785.dumps, plain), milliseconds(encode, register)) for _ in range(ROUNDS)]
    ratio = statistics.median(theirs / ours for theirs, ours in rounds)
    yield goals.Result("P11: rfc8785 / our encoding, 1,000 vendors", ratio, GOAL, least=True)


if __name__ == "__main__":
    goals.run(measure)
