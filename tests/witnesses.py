"""Witnesses for tests: the real service on a real socket, and one that answers as a test decides."""

from __future__ import annotations

import contextlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import running
from memory_log import MemoryLog, sign
from patience import PATIENCE
from register_api.core.log.checkpoint import Checkpoint, format_checkpoint
from register_api.core.log.note import format_verifier_key, parse_verifier_key
from register_api.core.log.proofs import AddCheckpoint, format_request
from register_api.core.log.tiles import consistency_proof, root
from register_api.serve.server import make_server
from register_api.serve.settings import Settings
from register_api.witness.server import create_app, make_witness, open_witness

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from register_api.core.log.note import NoteKey
    from register_api.witness.witness import Witness

NAME = "witness.example/w1"
AT = 1_790_000_000
"""Default time of a witness's clock."""


def log_vkey(key: NoteKey) -> str:
    """Return a key as a verifier key string."""
    return format_verifier_key(key.name, key.public, key.algorithm)


class Partner:
    """A partner who runs a witness in a folder.

    Attributes:
        vkey: The witness's verifier key.
        key: The same, parsed.
    """

    def __init__(self, folder: Path, name: str = NAME) -> None:
        self.folder, self.key_file = folder, folder / "key.pem"
        self.vkey = make_witness(folder, self.key_file, name)
        self.key = parse_verifier_key(self.vkey)

    def open(self, *logs: NoteKey) -> Witness:
        """Open the witness for some logs."""
        return open_witness(self.folder, self.key_file, [log_vkey(log) for log in logs])


@contextlib.contextmanager
def serving(witness: Witness, clock: Callable[[], int] = lambda: AT) -> Iterator[str]:
    """Serve a witness on a free port of 127.0.0.1; yield its submission prefix."""
    settings = Settings(port=0, shutdown_seconds=2)
    server = make_server(create_app(witness, clock), settings, reads_bodies=True)
    with running.in_a_thread(server, settings) as base:
        yield base


class Answering:
    """A server that answers each request as a test decides, and records the requests.

    Attributes:
        url: Its URL.
        bodies: Bodies of all requests, in order.
    """

    def __init__(self, answer: Callable[[bytes], tuple[int, dict[str, str], bytes]]) -> None:
        bodies: list[bytes] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                bodies.append(body)
                status, headers, data = answer(body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(data)

            def log_message(self, *_arguments: Any) -> None:
                """Log nothing."""

        self.bodies = bodies
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/w"
        self._serving = running.serving(server)

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._serving.__exit__(None, None, None)


def waiting(enough: threading.Event) -> Callable[[bytes], tuple[int, dict[str, str], bytes]]:
    """Return an answer that waits for an event."""

    def answer(_: bytes) -> tuple[int, dict[str, str], bytes]:
        enough.wait(PATIENCE)
        return 200, {}, b""

    return answer


def checkpoint_at(log: MemoryLog, size: int, *, extensions: Sequence[str] = ()) -> bytes:
    """Return the signed checkpoint that a log had at a size."""
    at = root(size, log.read, tree_size=log.size) if size else log.reference_root(0)
    text = format_checkpoint(Checkpoint(origin=log.origin, size=size, root=at, extensions=tuple(extensions)))
    return sign(text, [(log.note_key, log.key)])


def proof_between(entries: MemoryLog, old: int, new: int) -> tuple[bytes, ...]:
    """Return the consistency proof between two sizes of a log; empty from size 0 or to the same size."""
    if not 0 < old < new:
        return ()
    smaller = MemoryLog(origin=entries.origin, key=entries.key)
    smaller.append(*entries.entries[:new])
    return tuple(consistency_proof(old, new, smaller.read))


def submission(log: MemoryLog, old: int, new: int) -> bytes:
    """Return a valid request for a log that grew from one size to another."""
    return format_request(
        AddCheckpoint(old_size=old, proof=proof_between(log, old, new), checkpoint=checkpoint_at(log, new))
    )
