"""Told to end, the service finishes what it has begun, closes what is idle, and does not wait for ever."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import threading
from pathlib import Path

import hostile
import stores
from hostile import GOOD, everything, replies
from quick_disk import quick_disk

LARGE = 8 * 2**20
ASK = b"GET /feed.atom HTTP/1.1\r\nHost: x\r\n\r\n"


def large_store(folder: Path) -> Path:
    """Return a store with a file that no buffer of the system swallows whole."""
    data = random.Random(1).randbytes(LARGE)  # noqa: S311 (bytes of no meaning)
    with quick_disk():
        stores.publish(folder / "store", 1, more={"feed.atom": data})
    return folder / "store"


def test_a_reply_under_way_is_finished_and_idle_connections_are_closed(tmp_path: Path) -> None:
    """The client that is reading gets every byte; who is idle is closed at once; no one new is taken."""
    with hostile.service(large_store(tmp_path), REGISTER_KEEP_ALIVE_SECONDS="60") as service:
        with service.connect(receive_bytes=1 << 16) as reading, service.connect() as idle:
            idle.sendall(GOOD)
            first = idle.recv(1 << 16)
            reading.sendall(ASK)
            parts = [reading.recv(1000)]
            service.process.send(signal.SIGTERM)
            assert first.startswith(b"HTTP/1.1 200")
            everything(idle)  # ends: it is closed from the other side
            pause = threading.Event()
            while part := reading.recv(1 << 17):
                parts.append(part)
                pause.wait(0.01)
        (reply,) = replies(b"".join(parts))
        assert len(reply.body) == LARGE
        assert service.process.ended() == 0
        assert service.faults() == []


def test_a_client_that_does_not_read_holds_up_the_end_for_a_time_only(tmp_path: Path) -> None:
    """As long as the setting says; then the service ends without it, and in order."""
    with (
        hostile.service(large_store(tmp_path), REGISTER_SHUTDOWN_SECONDS="1") as service,
        service.connect(receive_bytes=4096) as deaf,
    ):
        deaf.sendall(ASK * 3)
        deaf.recv(1)
        service.process.send(signal.SIGTERM)
        assert service.process.ended() == 0


def test_questions_that_wait_are_ended_without_noise(tmp_path: Path) -> None:
    """Their connections are closed when the time is over; the log has one line for all of them."""
    store = stores.make_store(tmp_path / "store", 3)
    with hostile.service(store, REGISTER_SHUTDOWN_SECONDS="1") as service, contextlib.ExitStack() as stack:
        question = b"GET /v1/diff?from=%d&to=3 HTTP/1.1\r\nHost: x\r\n\r\n"
        answers = service.send(question.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") % 1)
        assert [reply.status for reply in replies(answers)] == [200]
        (beside,) = service.children()
        os.kill(beside, signal.SIGSTOP)  # whatever is asked now is never answered
        asking = [stack.enter_context(service.connect()) for _ in range(5)]
        for connection in asking:
            connection.sendall(question % 2)
        assert service.answers_others()
        service.process.send(signal.SIGTERM)
        assert [everything(connection) for connection in asking] == [b""] * 5
        assert service.process.ended() == 0
        (line,) = service.faults()
        assert json.loads(line)["connections"] == 5
        assert not Path(f"/proc/{beside}").exists()
