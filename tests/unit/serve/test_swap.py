"""A new publication under requests in flight: each answer is of one publication, and none goes back."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
import json
import shutil
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import stores
from patience import PATIENCE, join, wait_until
from register_api.core.format import tree
from register_api.serve.app import follow, make_state
from register_api.serve.fast_path import FastPath
from register_api.serve.logs import Counters
from register_api.serve.reply_table import CurrentReplies
from register_api.serve.settings import Settings
from register_api.store.reader import Snapshot
from running import running

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

VERSIONS = 8


class Reader(threading.Thread):
    """A customer who never stops asking, on one connection; what is wrong is kept for the end."""

    def __init__(self, base: str, done: threading.Event) -> None:
        super().__init__()
        self.seen: list[int] = []
        self.wrong: list[str] = []
        self._done = done
        parts = urlsplit(base)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)

    def run(self) -> None:
        while not self._done.is_set():
            before = self._number(tree.CHECKPOINT.path())
            version = self._number(tree.REGISTER.path())
            after = self._number(tree.VERSIONS.path())
            if not (self.seen[-1] if self.seen else 1) <= before <= version <= after:
                self.wrong.append(f"{self.seen[-1:]}, then {before}, {version}, {after}")
            self.seen.append(after)
            for path in (
                tree.VERSION_REGISTER.path(after),
                tree.VERSION_ENTRY.path(1),
                tree.VERSION_PAGE.path(after),
            ):
                self._get(path)
        self._connection.close()

    def _number(self, path: str) -> int:
        """Return the version that a head file is of."""
        data = self._get(path)
        if path == tree.CHECKPOINT.path():
            return int(data.split(b"\n")[1])
        document = json.loads(data)
        return int(document["version"] if path == tree.REGISTER.path() else len(document["versions"]))

    def _get(self, path: str) -> bytes:
        """Return a file, whose headers have to fit its bytes."""
        self._connection.request(
            "GET", "/" + path.removesuffix(tree.INDEX.path()), headers={"Accept-Encoding": "identity"}
        )
        answer = self._connection.getresponse()
        data = answer.read()
        sha256 = hashlib.sha256(data)
        digest = f"sha-256=:{base64.b64encode(sha256.digest()).decode()}:"
        if (answer.status, answer.headers["repr-digest"]) != (200, digest):
            self.wrong.append(f"{path}: status {answer.status}, digest {answer.headers['repr-digest']}")
        if answer.headers["etag"] != f'"{sha256.hexdigest()[:32]}"':
            self.wrong.append(f"{path}: tag {answer.headers['etag']}")
        return data


def test_every_answer_is_of_one_publication_and_none_goes_back(one_version: Path) -> None:
    """Seven publications under three readers: head files agree, old fixed paths stay, tags move on."""
    done = threading.Event()
    with running(one_version) as base:
        readers = [Reader(base, done) for _ in range(3)]
        for reader in readers:
            reader.start()
        try:
            for version in range(2, VERSIONS + 1):
                stores.publish(one_version, version)
                wait_until(lambda number=version: all(number in reader.seen for reader in readers))
        finally:
            done.set()
            for reader in readers:
                join(reader)
    for reader in readers:
        assert reader.wrong == []
        assert set(range(2, VERSIONS + 1)) <= set(reader.seen)


def ask(front: FastPath, path: str) -> asyncio.Task[tuple[int, bytes]]:
    """Begin a GET; return its status and body when it is answered."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "headers": [],
    }
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def answer() -> tuple[int, bytes]:
        await front(scope, send, send)  # type: ignore[arg-type]
        return sent[0]["status"], b"".join(message["body"] for message in sent[1:])

    return asyncio.create_task(answer())


async def nothing(_scope: Any, _receive: Any, _send: Any) -> None:
    """Compute nothing."""
    raise AssertionError("no question was asked")


def front_of(store: Path) -> tuple[FastPath, CurrentReplies]:
    """Return a fast path, and the current replies that it answers from."""
    replies = CurrentReplies(store, 2**20)
    replies.swap(replies.load())
    return FastPath(replies, nothing, lambda _: False, Counters()), replies


def slow_reading(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Let the first who reads a body tell that it begins, and wait; others do not wait."""
    reading, shown = threading.Event(), threading.Event()
    read = Snapshot.read

    def slow(snapshot: Snapshot, path: str, coding: str = "identity") -> bytes:
        if not reading.is_set():
            reading.set()
            assert shown.wait(PATIENCE)
        return read(snapshot, path, coding)

    monkeypatch.setattr(Snapshot, "read", slow)
    return reading, shown


def test_an_answer_under_way_stays_with_its_publication(
    one_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes are read when the next publication is shown already, and are still those of its own."""
    front, replies = front_of(one_version)
    path = tree.VERSION_PAGE.path(1)
    old = (one_version / "public" / path).read_bytes()
    reading, shown = slow_reading(monkeypatch)

    async def race() -> tuple[int, bytes]:
        asked = ask(front, "/" + path)
        await asyncio.to_thread(reading.wait, PATIENCE)
        stores.publish(one_version, 2, more={path: stores.page("Version 1, which is an old one now")})
        replies.swap(replies.load())
        shown.set()
        first = await asked
        assert await ask(front, "/" + path) == (200, (one_version / "public" / path).read_bytes())
        return first

    assert asyncio.run(race()) == (200, old)
    assert (one_version / "public" / path).read_bytes() != old


def test_an_answer_whose_bytes_are_gone_comes_from_the_next_publication(
    one_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two publications later nothing of the first is kept; the client gets what is there now."""
    front, replies = front_of(one_version)
    path = tree.VERSION_PAGE.path(1)
    newest = stores.page("Version 1, which is a very old one now")
    reading, shown = slow_reading(monkeypatch)

    async def race() -> tuple[int, bytes]:
        asked = ask(front, "/" + path)
        await asyncio.to_thread(reading.wait, PATIENCE)
        stores.publish(one_version, 2, more={path: newest})
        shutil.rmtree(one_version / "generations" / "1")
        replies.swap(replies.load())
        shown.set()
        return await asked

    assert asyncio.run(race()) == (200, newest)


def test_a_store_that_goes_back_is_not_followed(one_version: Path, tmp_path: Path) -> None:
    """Customers would see a rollback: what was served stays, and the failure is told."""
    before = shutil.copytree(one_version, tmp_path / "backup", symlinks=True)
    stores.publish(one_version, 2)
    replies = CurrentReplies(one_version, 2**20)
    replies.swap(replies.load())
    shutil.rmtree(one_version)
    shutil.copytree(before, one_version, symlinks=True)
    assert replies.is_stale()
    replies.swap(replies.load())
    assert replies.failed
    assert replies.table is not None
    assert replies.table.archive.newest == 2
    fresh = CurrentReplies(one_version, 2**20)
    fresh.swap(fresh.load())
    assert fresh.table is not None
    assert fresh.table.archive.newest == 1


def test_the_next_table_is_swapped_in_on_the_event_loop(
    one_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is loaded in another thread; the swap itself cannot fall between two steps of an answer."""
    state = make_state(Settings(store=str(one_version)))
    replies = state.replies
    where: dict[str, set[int]] = {"load": set(), "swap": set()}
    for name, threads in where.items():
        method = getattr(CurrentReplies, name)

        def noting(
            self: CurrentReplies, *more: Any, threads: set[int] = threads, method: Any = method
        ) -> Any:
            threads.add(threading.get_ident())
            return method(self, *more)

        monkeypatch.setattr(CurrentReplies, name, noting)

    async def run() -> None:
        async with follow(state, 0.01):
            stores.publish(one_version, 2)
            while replies.table is None or replies.table.archive.newest < 2:  # noqa: ASYNC110 (what is watched)
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(run(), 20))
    assert where["swap"] == {threading.get_ident()}
    assert threading.get_ident() not in where["load"]
