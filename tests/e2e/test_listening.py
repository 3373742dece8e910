"""Where the service listens: a Unix socket, or a socket that systemd has opened for it."""

from __future__ import annotations

import contextlib
import socket
import stat
from typing import TYPE_CHECKING

import httpx
import pytest
from hosts import free_port

import stores
from patience import PATIENCE, wait_until
from programs import REGISTER_API, started
from register_api.errors import UsageError
from register_api.serve.server import listen
from register_api.serve.settings import Settings
from tools import need

if TYPE_CHECKING:
    from pathlib import Path


def serve(store: Path, *options: str) -> list[str]:
    return [*REGISTER_API, "serve", "--store", str(store), *options]


def answers(client: httpx.Client) -> bool:
    """Tell whether something published comes back."""
    try:
        return client.get("/v1/register.json").status_code == 200
    except httpx.TransportError:
        return False


def is_listened_at(path: Path) -> bool:
    """Tell whether a Unix socket takes connections."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one version."""
    return stores.make_store(tmp_path / "store", 1)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_unix_socket_answers_with_its_mode_and_is_gone_afterwards(
    store: Path, tmp_path: Path, workers: str
) -> None:
    """One that was left behind by a process that is gone is replaced."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    transport = httpx.HTTPTransport(uds=str(path))
    with (
        started(*serve(store, "--uds", str(path), "--workers", workers)) as process,
        httpx.Client(transport=transport, base_url="http://localhost", timeout=PATIENCE) as client,
    ):
        wait_until(lambda: is_listened_at(path))
        wait_until(lambda: answers(client))
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert client.get("/nothing").json()["instance"] == "/nothing"
        assert process.end() == 0
    assert not path.exists()


def test_a_unix_socket_that_is_in_use_and_a_file_that_is_none_are_kept(tmp_path: Path) -> None:
    """Nothing of another process is taken away."""
    path = tmp_path / "socket"
    settings = Settings(uds=str(path))
    with contextlib.closing(listen(settings)), pytest.raises(UsageError, match="in use"):
        listen(settings)
    path.unlink()
    path.write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="not a socket"):
        listen(settings)
    assert path.read_text("utf-8") == "mine"
    with pytest.raises(UsageError, match="cannot listen"):
        listen(Settings(uds=str(tmp_path / "nowhere" / "socket")))


def test_a_socket_that_systemd_has_opened_is_used(store: Path) -> None:
    """The first connection starts the service, which answers it; no port is given to it."""
    program = need("systemd-socket-activate")
    port = free_port()
    command = [program, "-l", f"127.0.0.1:{port}", *serve(store, "--port", "1")]
    with (
        started(*command) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
    ):
        wait_until(lambda: answers(client))
        assert process.end() == 0
