"""Serves a preview on the loopback address: the register's pages with a banner, and pages of its own.

Unpublished content is confidential: only requests whose ``Host`` is the loopback address are answered, as a
protection against DNS rebinding.
"""

from __future__ import annotations

import hashlib
import http.server
import re
import secrets
import sys
import threading
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
from markupsafe import Markup

from register_api import __version__
from register_api.core import strict_base64
from register_api.core.format import tree
from register_api.core.format.paths import address_of, file_at, is_path, kind_of
from register_api.core.headers import NO_STORE, NOSNIFF, PAGE, in_page, page_policy
from register_api.core.language.language import Language, languages, translations
from register_api.core.text import escaped
from register_api.errors import RegisterError, UsageError
from register_api.preview.next_version import NextVersion, build_next_version
from register_api.publish.feed.notice_mail import mail
from register_api.publish.preparation import PublishOptions
from register_api.source.load import REGISTER_FILE, list_vendor_files
from register_api.store.reader import Snapshot, current, open_snapshot
from register_api.style import STYLE_SHA256, page_environment

FOLDER = "_preview/"
"""Path prefix of the preview's own pages, not used by the tree."""

_RELOAD_SCRIPT = files(__package__).joinpath("reload.js").read_bytes()
"""Reloads a page when its content has changed."""

_BANNER_STYLE = files(__package__).joinpath("banner.css").read_text("utf-8").strip()
_BANNER_SHA256 = "sha256-" + strict_base64.encode(hashlib.sha256(_BANNER_STYLE.encode()).digest())

POLICY = page_policy(f"'{STYLE_SHA256}' '{_BANNER_SHA256}'", loads=True)
"""Content-Security-Policy of each page: the register's, extended by the banner's style and script."""

_TEMPLATES = page_environment("register_api.preview")
_TEMPLATES.globals.update(
    policy=Markup(in_page(POLICY)),  # noqa: S704 - our own constant
    banner_style=Markup(_BANNER_STYLE),  # noqa: S704 - our own constant
)
_OWN_POLICY = re.compile(rb'(<meta http-equiv="Content-Security-Policy" content=")[^"]*(">)')
_SHOWN_HERE = frozenset({"text/html", "image/svg+xml", "application/json", "text/plain"})
"""Media types that browsers display rather than download."""

HTML = tree.INDEX.media_type
TEXT = tree.ROBOTS_TXT.media_type
_SCRIPT = tree.SCRIPT.media_type


class PreviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A response; ``policy`` is the Content-Security-Policy of a page."""

    status: int = 200
    media_type: str = HTML
    body: bytes
    policy: str | None = None


class Preview:
    """The next version at its future paths, and the preview's own pages."""

    def __init__(
        self, source: Path, store: Path, options: Callable[[Snapshot | None], PublishOptions]
    ) -> None:
        """Keep the paths; nothing is read yet."""
        self._source, self._store, self._options = source, store, options
        self._lock = threading.Lock()
        self._seen: object = None
        self._result: NextVersion | RegisterError | None = None
        self._run, self._number = secrets.token_hex(8), 0

    def state(self) -> tuple[str, NextVersion | RegisterError]:
        """Return an id of the current state and the next version, or the error that prevents it."""
        with self._lock:
            # Taken before reading, so that changes made during the read are noticed by the next call.
            seen = self._traces()
            if self._result is None or seen != self._seen:
                self._seen, self._number = seen, self._number + 1
                try:
                    snapshot = open_snapshot(self._store)
                    self._result = build_next_version(self._source, snapshot, self._options(snapshot))
                except RegisterError as error:
                    self._result = error
            return f"{self._run}-{self._number}", self._result

    def _traces(self) -> object:
        """Return a value that changes when a source file is saved or a version is published."""
        try:
            paths = [self._source / REGISTER_FILE, *list_vendor_files(self._source)]
            return current(self._store), [_trace(path) for path in paths]
        except RegisterError as error:
            return error.message

    def answer(self, target: str) -> PreviewAnswer:
        """Return the response to a request target, a path with or without a query."""
        path = unquote(target.partition("?")[0]).removeprefix("/")
        state, result = self.state()
        if path == f"{FOLDER}state":
            return PreviewAnswer(media_type=TEXT, body=state.encode())
        if path == f"{FOLDER}reload.js":
            return PreviewAnswer(media_type=_SCRIPT, body=_RELOAD_SCRIPT)
        if isinstance(result, RegisterError):
            return _error(state, result, 422)
        answer = _own if path.startswith(FOLDER) else _of_register
        try:
            return answer(path, state, result)
        except RegisterError as error:  # the store may have been written to since
            return _error(state, error, 500)


def _trace(path: Path) -> tuple[str, int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return path.name, status.st_mtime_ns, status.st_size, status.st_ino


def _overview(state: str, pending: NextVersion) -> PreviewAnswer:
    """Show links to pages, feed entry, emails and every new file."""
    rows = []
    for path in sorted(pending.files):
        kind = kind_of(path)
        rows.append((address_of(path), path, kind, kind.media_type.partition(";")[0] in _SHOWN_HERE))
    pages = (tree.INDEX, tree.CHANGES_PAGE, tree.SUBSCRIBE_PAGE, tree.ANNEX_PAGE)
    named = [(address_of(kind.path()), kind) for kind in pages]
    return _page("overview.html.j2", state, pending, rows=rows, pages=named)


def _notice(state: str, pending: NextVersion) -> PreviewAnswer:
    """Show what customers would receive: the feed entry, and the email in each language."""
    summary = pending.version_summary
    mails = []
    if summary is not None:
        mails = [
            (language, mail(summary.in_language(language), pending.first_root()))
            for language in languages(Language.of(summary.register.publisher.language))
        ]
    html = Markup(pending.entry.html) if pending.entry else None  # noqa: S704 - a template has escaped it
    return _page("notice.html.j2", state, pending, entry=pending.entry, html=html, mails=mails)


def _error(state: str, error: RegisterError, status: int) -> PreviewAnswer:
    """Show why there is no preview: the findings in the source, or another error."""
    findings = sorted(getattr(error, "findings", ()), key=lambda finding: finding.severity)
    open_findings = [finding for finding in findings if not finding.accepted]
    return _page("error.html.j2", state, None, status=status, error=error, findings=open_findings)


def _missing(path: str, state: str, pending: NextVersion) -> PreviewAnswer:
    """Show that a file does not exist, or only once it is signed."""
    later = path in pending.withheld
    return _page("missing.html.j2", state, pending, status=404, path=escaped(path), signed_later=later)


def _page(
    template: str, state: str, pending: NextVersion | None, *, status: int = 200, **values: Any
) -> PreviewAnswer:
    banner = Markup(_render("banner.html.j2", state=state, pending=pending))  # noqa: S704 - escaped there
    page = _render(template, banner=banner, pending=pending, **values).encode()
    return PreviewAnswer(status=status, body=page, policy=POLICY)


def _render(template: str, **values: Any) -> str:
    return _TEMPLATES.get_template(template).render(folder=FOLDER, **values)


def _own(path: str, state: str, pending: NextVersion) -> PreviewAnswer:
    place, _, rest = path.removeprefix(FOLDER).partition("/")
    tag = rest.removesuffix(".html")
    if place == "":
        return _overview(state, pending)
    if place == "notice":
        return _notice(state, pending)
    if place == "mail" and pending.version_summary is not None and tag in {"en", *translations()}:
        summary = pending.version_summary.in_language(Language.of(tag))
        return PreviewAnswer(
            body=mail(summary, pending.first_root()).html.encode(), policy="default-src 'none'"
        )
    data = pending.read(rest) if place == "text" and is_path(rest) else None
    return _missing(path, state, pending) if data is None else PreviewAnswer(media_type=TEXT, body=data)


def _of_register(address: str, state: str, pending: NextVersion) -> PreviewAnswer:
    """Answer an address of the register; pages except the check page get a banner and its policy."""
    path = file_at(address)
    data = pending.read(path) if is_path(path) else None
    if data is None:
        return _missing(path, state, pending)
    kind = kind_of(path)
    if kind.media_type != HTML or kind == tree.CHECK_PAGE:
        return PreviewAnswer(media_type=kind.media_type, body=data)
    banner = _render("banner.html.j2", state=state, pending=pending).encode()
    data = _OWN_POLICY.sub(lambda found: found[1] + in_page(POLICY).encode() + found[2], data, count=1)
    page = data.replace(b"<body>\n", b"<body>\n" + banner, 1)
    return PreviewAnswer(body=page, policy=POLICY)


HOST = "127.0.0.1"

_OF_ANOTHER = "This preview answers only at its own address.\n"


class PreviewServer(http.server.ThreadingHTTPServer):
    """Listens at its ``url`` once created; ``serve_forever`` answers requests."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, preview: Preview, port: int) -> None:
        """Bind the port."""
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            hint = "another --port, or --port 0 for one that is free"
            raise UsageError(f"port {port} cannot be listened on: {error.strerror}", hint=hint) from error
        self.preview = preview
        self.url = f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore browsers that disconnect before the response."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: PreviewServer
    server_version = f"register-api/{__version__}"
    sys_version = ""
    timeout = 30.0

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool = True) -> None:
        names = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        answer = PreviewAnswer(status=421, media_type=TEXT, body=_OF_ANOTHER.encode())
        if self.headers.get("Host", "").lower() in names:
            answer = self.server.preview.answer(self.path)
        headers = {
            "Content-Type": answer.media_type,
            "Content-Length": str(len(answer.body)),
            **NOSNIFF,
            **PAGE,
            "Cache-Control": NO_STORE,
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if answer.policy is not None:
            headers["Content-Security-Policy"] = answer.policy
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Do not log requests."""
