"""Hosts that were taken over, made once, and a customer who has seen the honest tree."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest
import taken_over
from customer import PATIENT, verify

from hostile_server import Server, path_of, reply
from memory_folder import memory_folder
from own_certificate import make_certificate, server_context
from register_api.cli import verify as verify_command
from register_api.verify.options import Options

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from attack import Attack
    from taken_over import Host

    from hostile_server import Answer
    from memory_publisher import MemoryPublisher
    from register_api.bounded_http.limits import HttpLimits


@pytest.fixture(scope="module")
def hosts() -> Iterator[Mapping[str, Host]]:
    """Both hosts, by name; what they serve is swapped for each attack."""
    with (
        memory_folder() as folder,
        taken_over.service(_made(folder / "service")) as service,
        taken_over.static_host(_made(folder / "static")) as static,
    ):
        yield {"service": service, "static host": static}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hostile server's own certificate."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def hostile(certificate: Path) -> Iterator[Callable[[Attack, Mapping[str, bytes]], str]]:
    """Let a hostile server serve a tree, but for what an attack answers; returns its address."""
    servers = {False: Server(reply()), True: Server(reply(), server_context(certificate))}

    def serve(attack: Attack, files: Mapping[str, bytes]) -> str:
        servers[attack.tls].answer = functools.partial(_answer, attack.answers or {}, files)
        return servers[attack.tls].base

    yield serve
    for server in servers.values():
        server.close()


def _answer(
    answers: Mapping[str, Answer], files: Mapping[str, bytes], connection: socket.socket, request: bytes
) -> None:
    path = path_of(request)
    stored = reply(files[path]) if path in files else reply(b"", "404 Not Found")
    answers.get("*", answers.get(path, stored))(connection, request)


@pytest.fixture(autouse=True)
def bounded(monkeypatch: pytest.MonkeyPatch) -> Callable[[HttpLimits], None]:
    """Give the command no time to wait in; may be called with other limits."""

    def set_limits(limits: HttpLimits) -> None:
        monkeypatch.setattr(verify_command, "Options", functools.partial(Options, wait=0, limits=limits))

    set_limits(PATIENT)
    return set_limits


@pytest.fixture(scope="session")
def remembered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Attack, Host], bytes]:
    """Return what a customer remembers at the time of an attack; each honest tree is looked at once."""
    known: dict[Callable[[], MemoryPublisher], bytes] = {}

    def state(attack: Attack, host: Host) -> bytes:
        if attack.seen_before not in known:
            folder = tmp_path_factory.mktemp("remembered")
            host.show(attack.seen_before().files)
            done = verify(host.base, "--state", str(folder))
            assert done.exit_code == 0, done.output
            known[attack.seen_before] = (folder / "state.json").read_bytes()
        return known[attack.seen_before]

    return state
