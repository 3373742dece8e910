"""Whatever is submitted, in whatever order, at once or with crashes: one history is signed, never two."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breaking_disk import Crash, dying_after
from memory_folder import memory_folder
from memory_log import MemoryLog
from patience import PATIENCE
from register_api.core.log.checkpoint import parse_checkpoint, verify_cosignatures
from register_api.core.log.note import parse_note
from register_api.core.log.proofs import AddCheckpoint, format_request
from register_api.errors import RegisterError
from register_api.witness.witness import Record
from thoroughness import examples
from witnesses import AT, Partner, checkpoint_at, proof_between

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.witness.witness import WitnessReply

SIZE = 9
TRUNK = MemoryLog().grow(SIZE)
FORKS = [TRUNK]
for split in (0, 3, 6):
    branch = MemoryLog(key=TRUNK.key)
    branch.append(*TRUNK.entries[:split], f"fork at {split}".encode(), *TRUNK.entries[split + 1 :])
    FORKS.append(branch)
"""One history, and three that leave it; all signed by the log's own key."""

SIZES = st.integers(0, SIZE)
STEPS = st.tuples(SIZES, SIZES, st.sampled_from(range(len(FORKS))), st.sampled_from(range(len(FORKS))))
"""Old size, new size, the history of the checkpoint, and the history that the proof is from."""


def body_of(step: tuple[int, int, int, int]) -> bytes:
    """Return the request of a step."""
    old, new, history, proven = step
    return format_request(
        AddCheckpoint(
            old_size=old,
            proof=proof_between(FORKS[proven], old, new),
            checkpoint=checkpoint_at(FORKS[history], new),
        )
    )


def prefixes(log: MemoryLog) -> dict[int, bytes]:
    """Return the root that a log had at each size."""
    return {size: log.reference_root(size) for size in range(log.size + 1)}


ROOTS = [prefixes(log) for log in FORKS]


def check_one_history(partner: Partner, signed: list[bytes]) -> None:
    """Check that all that was signed lies on one history, and that the record reaches as far."""
    heads = []
    for data in signed:
        assert verify_cosignatures(data, [partner.key])
        log = parse_checkpoint(parse_note(data).text)
        heads.append((log.size, log.root))
    assert any(all(roots[size] == root for size, root in heads) for roots in ROOTS)
    recorded = Record(partner.folder).load().logs.get(TRUNK.origin)
    assert max((size for size, _ in heads), default=0) <= (recorded.size if recorded else 0)


def signed_by(answer: WitnessReply, step: tuple[int, int, int, int]) -> list[bytes]:
    """Return the cosigned checkpoint, if it was signed."""
    return [checkpoint_at(FORKS[step[2]], step[1]) + answer.body] if answer.status == 200 else []


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(STEPS, st.none() | st.integers(0, 8)), max_size=12))
def test_any_sequence_with_crashes_signs_one_history(
    steps: list[tuple[tuple[int, int, int, int], int | None]],
) -> None:
    """A step may end at any call that changes the disk; the witness is then opened anew."""
    with memory_folder() as folder:
        partner, signed = Partner(folder / "w"), []
        witness = partner.open(TRUNK.note_key)
        last = 0
        for (old, new, history, proven), crash in steps:
            # Half of the steps know the last size: else hardly any would get past 409.
            step = (last if old % 2 else old, new, history, proven)
            try:
                with dying_after(crash):
                    answer = witness.add_checkpoint(body_of(step), AT)
            except Crash:
                witness = partner.open(TRUNK.note_key)
            else:
                signed += signed_by(answer, step)
            known = Record(partner.folder).load().logs.get(TRUNK.origin)
            assert last <= (known.size if known else 0)
            last = known.size if known else 0
        check_one_history(partner, signed)


@pytest.mark.parametrize("crash", range(6))
def test_a_crash_before_the_answer_can_be_repeated(tmp_path: Path, crash: int) -> None:
    """Whether the state was written or not, the log learns from 409 where to go on."""
    partner = Partner(tmp_path / "w")
    witness = partner.open(TRUNK.note_key)
    assert witness.add_checkpoint(body_of((0, 4, 0, 0)), AT).status == 200
    with contextlib.suppress(Crash), dying_after(crash):  # the last steps lie behind the answer
        witness.add_checkpoint(body_of((4, 7, 0, 0)), AT)
    again = partner.open(TRUNK.note_key)
    answer = again.add_checkpoint(body_of((4, 7, 0, 0)), AT)
    assert answer.status == 200 or again.add_checkpoint(body_of((7, 7, 0, 0)), AT).status == 200
    assert again.add_checkpoint(body_of((4, 7, 1, 1)), AT).status == 409


def _submit(folder: Path, steps: list[tuple[int, int, int, int]]) -> list[bytes]:
    """Submit steps one after the other in a process of its own; return what was signed."""
    partner = object.__new__(Partner)
    partner.folder, partner.key_file = folder, folder / "key.pem"
    witness = partner.open(TRUNK.note_key)
    signed = []
    for step in steps:
        try:
            signed += signed_by(witness.add_checkpoint(body_of(step), AT), step)
        except RegisterError:
            continue
    return signed


def contenders() -> list[list[tuple[int, int, int, int]]]:
    """Return what each contender submits: its own history, from every size to every larger one."""
    pairs = [(old, new) for new in range(1, SIZE + 1) for old in range(new)]
    return [[(old, new, number, number) for old, new in pairs] for number in range(2)]


def test_competing_processes_sign_one_history(tmp_path: Path) -> None:
    """Processes on one folder, each with another history: checking and writing are one step."""
    partner = Partner(tmp_path / "w")
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        running = [pool.submit(_submit, partner.folder, steps) for steps in contenders()]
        signed = [data for future in running for data in future.result(PATIENCE)]
    assert signed
    check_one_history(partner, signed)


def test_competing_threads_sign_one_history(tmp_path: Path) -> None:
    """The same within one process, as the service decides."""
    partner = Partner(tmp_path / "w")
    witness = partner.open(TRUNK.note_key)
    steps = [step for group in zip(*contenders(), strict=True) for step in group]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda step: witness.add_checkpoint(body_of(step), AT), steps))
    signed = [data for answer, step in zip(answers, steps, strict=True) for data in signed_by(answer, step)]
    assert signed
    check_one_history(partner, signed)
