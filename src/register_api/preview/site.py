"""The preview's answers: each address with what it shows now, made anew when source or store changed."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import msgspec

from register_api.core.format import tree
from register_api.core.format.paths import file_at, is_path, kind_of
from register_api.core.language.language import Language, translations
from register_api.errors import RegisterError
from register_api.preview import pages
from register_api.preview.coming import Coming, make_coming
from register_api.publish.feed.mail import mail
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
        """Keep where to look; nothing is read yet.

        Args:
            source: Folder with register.toml.
            store: Folder of the store, which is only read.
            intent: Says why and when it would be published; asked each time something has changed.
        """
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
