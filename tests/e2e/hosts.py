"""What can stand between a store and its readers: the service, nginx, any static host."""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from commands import BIN, register_api

from patience import PATIENCE, wait_until
from programs import environment, started
from tools import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_ATTEMPTS = 5

_NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{documented}
}}
"""
_CADDY = """\
{
	admin off
	auto_https off
}
"""
_EXPORTED_ADDRESS = "127.0.0.1:8080"


class Site:
    """A published tree as it is served.

    Attributes:
        base: Where it is served, ending in a slash.
    """

    def __init__(self, base: str) -> None:
        self.base = base

    def get(self, path: str) -> bytes:
        """Return what is served at a path of the tree."""
        return self.ask(path)[0]

    def ask(self, path: str) -> tuple[bytes, Mapping[str, str]]:
        """Return what is served at a path of the tree, with the headers of the answer.

        Pages are asked for by their folder, as links name them.
        """
        url = self.base + re.sub(r"(^|/)index\.html$", r"\1", path)
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.read(), answer.headers

    def save(self, folder: Path, *paths: str) -> Path:
        """Write files below a folder, under their paths in the tree."""
        for path in paths:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.get(path))
        return folder


@contextlib.contextmanager
def service(store: Path) -> Iterator[Site]:
    """Run ``register-api serve`` on a store while the block runs; it has to end well when told to."""
    with started(BIN / "register-api", "serve", "--store", store, "--port", "0") as program:
        site = Site(program.first_line())
        wait_until(lambda: program.code() is not None or _answers(site.base))
        yield site
        assert program.end() == 0, program.errors()


@contextlib.contextmanager
def nginx(public: Path, folder: Path) -> Iterator[Site]:
    """Run nginx on a published folder while the block runs, configured by ``export``."""
    with nginx_with(exported("--nginx", public), _EXPORTED_ADDRESS, folder) as site:
        yield site


def exported(form: str, public: Path, *more: str) -> str:
    """Return what ``export`` writes for a host that listens on ``_EXPORTED_ADDRESS``."""
    written = register_api("export", form, "--public", public, "--listen", _EXPORTED_ADDRESS, *more)
    assert written.returncode == 0, written.stderr
    return written.stdout


@contextlib.contextmanager
def caddy(lines: str, folder: Path) -> Iterator[Site]:
    """Run Caddy while the block runs, with lines that ``export`` wrote."""
    program = need("caddy")
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}

    def command(port: int) -> list[str]:
        site = lines.replace(_EXPORTED_ADDRESS.partition(":")[2], str(port))
        (folder / "Caddyfile").write_text(_CADDY + site)
        return [program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]

    with _running(command, home) as site:
        yield site


@contextlib.contextmanager
def nginx_with(lines: str, address: str, folder: Path) -> Iterator[Site]:
    """Run nginx with lines of its ``http`` block, in which an address stands for the one to listen on."""
    program = need("nginx")

    def command(port: int) -> list[str]:
        server = lines.replace(address, f"127.0.0.1:{port}")
        (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, documented=server))
        return [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]

    with _running(command) as site:
        yield site


@contextlib.contextmanager
def static(public: Path) -> Iterator[Site]:
    """Run Python's own web server on a folder while the block runs: the plainest host there is."""
    with _running(
        lambda port: [
            *(sys.executable, "-m", "http.server", str(port)),
            *("--bind", "127.0.0.1", "--directory", str(public)),
        ]
    ) as site:
        yield site


@contextlib.contextmanager
def _running(
    command: Callable[[int], list[str]], variables: Mapping[str, str] | None = None
) -> Iterator[Site]:
    """Start a server on a free port; if somebody else was quicker to take the port, on another one."""
    for _ in range(_ATTEMPTS):
        port = free_port()
        site = Site(f"http://127.0.0.1:{port}/")
        with started(*command(port), env=environment(**(variables or {}))) as program:
            wait_until(lambda: program.code() is not None or _answers(site.base))  # noqa: B023  (used at once)
            if program.code() is None:
                yield site
                return
            said = program.errors()
    raise AssertionError(said)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(base: str) -> bool:
    try:
        with urllib.request.urlopen(base, timeout=PATIENCE):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
