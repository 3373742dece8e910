"""Serves a preview on this machine alone.

What is not published yet is confidential. Only the loopback address is listened on, and only requests that
name it are answered, so that a page of another site whose name leads here (DNS rebinding) reads nothing.
"""

from __future__ import annotations

import http.server
import secrets
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from register_api import __version__
from register_api.core.format import tree
from register_api.core.format.paths import file_at, is_path, kind_of
from register_api.core.headers import NO_STORE, NOSNIFF, PAGE
from register_api.core.language.language import Language, translations
from register_api.errors import RegisterError, UsageError
from register_api.preview import pages
from register_api.preview.coming import Coming, make_coming
from register_api.publish.feed.notice_mail import mail
from register_api.publish.preparation import PublishOptions
from register_api.source.load import REGISTER_FILE, list_vendor_files
from register_api.store.reader import Snapshot, current, open_snapshot

HTML = tree.INDEX.media_type
TEXT = tree.ROBOTS_TXT.media_type
_SCRIPT = tree.SCRIPT.media_type


class PreviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What an address answers.

    Attributes:
        status: HTTP status.
        media_type: ``Content-Type``.
        body: Its bytes.
        policy: Content-Security-Policy of a page; ``None`` where nothing is a page.
    """

    status: int = 200
    media_type: str = HTML
    body: bytes
    policy: str | None = None


class Preview:
    """What publishing now would show, at the addresses it would have, and pages of the preview's own."""

    def __init__(
        self, source: Path, store: Path, intent: Callable[[Snapshot | None], PublishOptions]
    ) -> None:
        """Keep where to look; nothing is read yet."""
        self._source, self._store, self._intent = source, store, intent
        self._lock = threading.Lock()
        self._seen: object = None
        self._shown: Coming | RegisterError | None = None
        self._run, self._number = secrets.token_hex(8), 0

    def look(self) -> tuple[str, Coming | RegisterError]:
        """Return what would be published now, or why nothing could be, and a name for this state."""
        with self._lock:
            # Before it is read: what is saved meanwhile is seen by the next look.
            seen = self._traces()
            if self._shown is None or seen != self._seen:
                self._shown, self._seen = self._made(), seen
                self._number += 1
            return f"{self._run}-{self._number}", self._shown

    def _traces(self) -> object:
        """Return what differs once a file of the source was saved, or another version was published."""
        try:
            files = [self._source / REGISTER_FILE, *list_vendor_files(self._source)]
            return current(self._store), [_trace(path) for path in files]
        except RegisterError as error:
            return error.message

    def _made(self) -> Coming | RegisterError:
        try:
            snapshot = open_snapshot(self._store)
            return make_coming(self._source, snapshot, self._intent(snapshot))
        except RegisterError as error:
            return error

    def answer(self, target: str) -> PreviewAnswer:
        """Answer the target of a request, a path with or without a query."""
        path = unquote(target.partition("?")[0]).removeprefix("/")
        state, shown = self.look()
        if path == f"{pages.FOLDER}state":
            return PreviewAnswer(media_type=TEXT, body=state.encode())
        if path == f"{pages.FOLDER}reload.js":
            return PreviewAnswer(media_type=_SCRIPT, body=pages.SCRIPT)
        if isinstance(shown, RegisterError):
            return _page(pages.error_page(state, shown), 422)
        answer = _own if path.startswith(pages.FOLDER) else _of_register
        try:
            return answer(path, state, shown)
        except RegisterError as error:  # of the store, which may have been written to since
            return _page(pages.error_page(state, error), 500)


def _trace(path: Path) -> tuple[str, int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return path.name, status.st_mtime_ns, status.st_size, status.st_ino


def _page(body: bytes, status: int = 200) -> PreviewAnswer:
    return PreviewAnswer(status=status, body=body, policy=pages.POLICY)


def _own(path: str, state: str, coming: Coming) -> PreviewAnswer:
    """Answer an address of the preview's own."""
    place, _, rest = path.removeprefix(pages.FOLDER).partition("/")
    tag = rest.removesuffix(".html")
    if place == "":
        return _page(pages.overview_page(state, coming))
    if place == "notice":
        return _page(pages.notice_page(state, coming))
    if place == "mail" and coming.told is not None and tag in {"en", *translations()}:
        told = coming.told.in_language(Language.of(tag))
        return PreviewAnswer(body=mail(told, coming.first_root()).html.encode(), policy="default-src 'none'")
    data = coming.read(rest) if place == "text" and is_path(rest) else None
    return _missing(path, state, coming) if data is None else PreviewAnswer(media_type=TEXT, body=data)


def _of_register(address: str, state: str, coming: Coming) -> PreviewAnswer:
    """Answer an address of the register; the program of the check page is left as it is."""
    path = file_at(address)
    data = coming.read(path) if is_path(path) else None
    if data is None:
        return _missing(path, state, coming)
    kind = kind_of(path)
    if kind.media_type != HTML or kind == tree.CHECK_PAGE:
        return PreviewAnswer(media_type=kind.media_type, body=data)
    return _page(pages.with_banner(data, state, coming))


def _missing(path: str, state: str, coming: Coming) -> PreviewAnswer:
    return _page(pages.missing_page(state, coming, path), 404)


HOST = "127.0.0.1"

_OF_ANOTHER = "This preview answers at its own address alone.\n"


class PreviewServer(http.server.ThreadingHTTPServer):
    """Listens from the moment it is made; ``serve_forever`` answers.

    Attributes:
        preview: What is shown.
        url: Its address, with a slash at its end.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, preview: Preview, port: int) -> None:
        """Listen."""
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            hint = "another --port, or --port 0 for one that is free"
            raise UsageError(f"port {port} cannot be listened on: {error.strerror}", hint=hint) from error
        self.preview = preview
        self.url = f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that has left before its answer was there."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def names(self) -> frozenset[str]:
        """Return what a request may call this server (``Host``)."""
        return frozenset(f"{name}:{self.server_port}" for name in (HOST, "localhost"))


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    server: PreviewServer
    server_version = f"register-api/{__version__}"
    sys_version = ""
    timeout = 30.0

    def do_GET(self) -> None:
        """Answer a request."""
        self._send(self._answer())

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._send(self._answer(), with_body=False)

    def _answer(self) -> PreviewAnswer:
        if self.headers.get("Host", "").lower() not in self.server.names():
            return PreviewAnswer(status=421, media_type=TEXT, body=_OF_ANOTHER.encode())
        return self.server.preview.answer(self.path)

    def _send(self, answer: PreviewAnswer, *, with_body: bool = True) -> None:
        headers = {
            **NOSNIFF,
            **PAGE,
            "Cache-Control": NO_STORE,
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if answer.policy is not None:
            headers["Content-Security-Policy"] = answer.policy
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Say nothing of single requests."""
