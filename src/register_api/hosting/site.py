"""The site that a configuration is written for, as a person describes it."""

from __future__ import annotations

import re

import msgspec

from register_api.errors import UsageError

_PATH = re.compile(r"/[^\x00-\x1f\x7f\"\\$%{};'`]*")
"""What nginx and Caddy both can name between quotation marks; the rest means something to one of them."""

_NAME = re.compile(r"_|(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_LISTEN = re.compile(r"(?:(?P<host>[0-9.]+|\[[0-9A-Fa-f:.]+\]):)?(?P<port>\d{1,5})")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_MAX_PORT = 65535


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where and as what a tree is served.

    Attributes:
        public: Folder with the published tree, absolute.
        name: Name of the server; empty for any.
        listen: Port, or address and port, to listen on.
        prefix: Path below which the tree lies, without its last slash; empty for the root.
        brotli: Whether nginx has the module that sends ready ``.br`` files.
        zstd: Whether nginx has the module that sends ready ``.zst`` files.
        note: Lines of comment to begin with.
    """

    public: str
    name: str = ""
    listen: str = "80"
    prefix: str = ""
    brotli: bool = False
    zstd: bool = False
    note: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Address to listen on; empty for all."""
        match = _LISTEN.fullmatch(self.listen)
        return (match["host"] or "") if match else ""

    @property
    def port(self) -> str:
        """Port to listen on."""
        return self.listen.rpartition(":")[2]


def read_site(public: str, name: str, listen: str, base_path: str) -> Site:
    """Read what a person gave.

    Args:
        public: Folder with the published tree.
        name: Name of the server, or empty.
        listen: ``80``, ``127.0.0.1:8080`` or ``[::1]:8080``.
        base_path: Path below which the tree is to lie; ``/`` for the root.

    Raises:
        UsageError: One of them cannot stand in a configuration file.
    """
    prefix = base_path.rstrip("/")
    if not _PATH.fullmatch(public):
        raise UsageError(f"the folder {public!a} cannot stand in a configuration file")
    if name and not _NAME.fullmatch(name):
        raise UsageError(f"{name!a} is not a valid server name", hint="such as trust.example.com")
    match = _LISTEN.fullmatch(listen)
    if match is None or not 0 < int(match["port"]) <= _MAX_PORT:
        raise UsageError(f"{listen!a} cannot be listened on", hint="a port, or 127.0.0.1:8080")
    if not _PREFIX.fullmatch(prefix):
        raise UsageError(f"{base_path!a} is not a valid path", hint="such as /register/")
    return Site(public=public, name=name, listen=listen, prefix=prefix)
