"""The process beside the service: what is computed there, and what happens when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import shutil
import signal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from anyio import BrokenWorkerProcess, to_process

import stores
import worker_tasks
from register_api.serve.answer import resources
from register_api.serve.answer.resources import compute
from register_api.serve.http.problems import Problem
from register_api.serve.reply import PIECE_BYTES
from register_api.store.reader import Snapshot, open_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.serve.answer.resources import Work


def snapshot_of(store: Path) -> Snapshot:
    """Open what a store shows."""
    snapshot = open_snapshot(store)
    assert snapshot is not None
    return snapshot


async def computed(snapshot: Snapshot, work: Work = worker_tasks.process_and_version) -> list[int]:
    """Return what a task computes in the worker process."""
    body = (await compute(snapshot, work)).representations["identity"].body
    return msgspec.json.decode(b"".join(piece["body"] for piece in body), type=list[int])


def test_answers_are_computed_in_a_process_of_lower_priority(three_versions: Path) -> None:
    """It is one for all questions, and the replies' process goes before it."""

    async def ask() -> list[list[int]]:
        snapshot = snapshot_of(three_versions)
        return [await computed(snapshot) for _ in range(3)]

    first, *more = asyncio.run(ask())
    process, niceness, version = first
    assert more == [first, first]
    assert process != os.getpid()
    assert niceness > os.nice(0)
    assert version == 3


def test_a_long_answer_arrives_whole_and_in_pieces(three_versions: Path) -> None:
    """Each form of it, though no turn of the loop takes more of it than some pieces."""

    async def ask() -> dict[str, bytes]:
        found = await compute(snapshot_of(three_versions), worker_tasks.long)
        bodies = {coding: form.body for coding, form in found.representations.items()}
        assert all(len(piece["body"]) <= PIECE_BYTES for body in bodies.values() for piece in body)
        return {coding: b"".join(piece["body"] for piece in body) for coding, body in bodies.items()}

    found = asyncio.run(ask())
    assert msgspec.json.decode(found["identity"]) == list(range(400_000))
    assert gzip.decompress(found["gzip"]) == found["identity"]


def test_a_publication_is_answered_from_though_its_folder_is_gone(one_version: Path) -> None:
    """Later ones clear it away, while requests that came before are still being answered."""

    async def ask() -> tuple[list[int], list[int]]:
        before = snapshot_of(one_version)
        stores.publish(one_version, 2)
        after = snapshot_of(one_version)
        shutil.rmtree(one_version / "generations" / str(before.generation))
        return await computed(after), await computed(before)

    new, old = asyncio.run(ask())
    assert (new[-1], old[-1]) == (2, 1)


def test_a_problem_arrives_whole(three_versions: Path) -> None:
    """With all that the reply is made of."""
    with pytest.raises(Problem) as raised:
        asyncio.run(computed(snapshot_of(three_versions), worker_tasks.problem))
    found = raised.value
    assert (found.name, str(found), found.parameter) == ("bad-parameter", "not so", "from")
    assert (found.allowed, found.headers) == (["1"], ((b"a", b"b"),))


def test_a_fault_says_where_it_was(three_versions: Path) -> None:
    """Its traceback stays in the other process, so its words come along."""
    with pytest.raises(RuntimeError, match="/secret/place") as raised:
        asyncio.run(computed(snapshot_of(three_versions), worker_tasks.fault))
    assert "in fault" in "".join(raised.value.__notes__)


def test_one_that_dies_between_two_pieces_of_an_answer_leaves_none(
    three_versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that takes its place knows nothing of that answer, and its silence is not the end of it.

    Where that one dies, too, there is no third.
    """
    real = to_process.run_sync

    async def run(function: Any, *arguments: Any) -> Any:
        if function is resources._next_pieces:
            os.kill(await real(os.getpid), signal.SIGKILL)
            with contextlib.suppress(BrokenWorkerProcess):
                await real(os.getpid)
        return await real(function, *arguments)

    monkeypatch.setattr(resources.to_process, "run_sync", run)
    with pytest.raises(BrokenWorkerProcess):
        asyncio.run(compute(snapshot_of(three_versions), worker_tasks.long))


def test_a_process_that_has_died_is_replaced(three_versions: Path) -> None:
    """Whoever waited is answered by the next; a signal that is meant for all processes does not end it."""

    async def ask() -> None:
        snapshot = snapshot_of(three_versions)
        process = (await computed(snapshot))[0]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(process, number)
        assert (await computed(snapshot))[0] == process
        os.kill(process, signal.SIGSTOP)
        waiting = asyncio.ensure_future(computed(snapshot))
        await asyncio.sleep(0)
        os.kill(process, signal.SIGKILL)
        second = (await waiting)[0]
        assert second != process
        os.kill(second, signal.SIGKILL)
        assert (await computed(snapshot))[0] not in {process, second}

    asyncio.run(ask())
