"""Authentication of users, by a proxy's header or by the sign-in token, and CSRF protection of forms.

The header is trusted only from this machine or an allowed proxy. Sessions and form tokens are authenticated
with a key that lasts as long as the process.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response

from register_api.clock import Clock
from register_api.core import strict_base64
from register_api.errors import UsageError
from register_api.files import durable
from register_api.sending.settings import is_loopback, read_text, refuse_open
from register_api.watch.settings import WatchSettings
from register_api.web import Form, Limit, RequestRefused, form_of, is_from, network_of, value_of

Asked = Request[Any, Any, Any]

SESSION_SECONDS = 12 * 3600
_LONGEST_NAME, _BYTES, _SHORTEST_TOKEN = 100, 32, 24


class Guard:
    """Authenticates users and limits the rate of sign-in attempts."""

    def __init__(self, settings: WatchSettings, token: str, clock: Clock) -> None:
        self._address = urlsplit(settings.page_address)
        self._proxies = [ipaddress.ip_network(each) for each in settings.proxies]
        self._header, self._token, self._clock = settings.user_header, token, clock
        self._key = secrets.token_bytes(_BYTES)
        self._guesses, self._all_guesses = Limit(20, 3600.0), Limit(200, 3600.0)
        self._is_secure = self._address.scheme == "https"
        # With this prefix, browsers do not let other hosts or paths set the cookie.
        self._cookie = "__Host-watch" if self._is_secure else "watch"
        self.has_login = bool(token)

    def origin(self, request: Asked) -> str:
        """Return the origin of the page; refuse a ``Host`` of another site (DNS rebinding)."""
        host = request.headers.get("host", "")
        if self._address.netloc and host.casefold() == self._address.netloc.casefold():
            return f"{self._address.scheme}://{host}"
        if not self._address.netloc and is_loopback(_name_in(host)):
            return f"http://{host}"
        sentence = "Unknown host name; the setting page_address has the address of this page."
        raise RequestRefused(421, 0, sentence)

    def user(self, request: Asked) -> str:
        """Return the user; an empty text if they have yet to sign in."""
        self.origin(request)
        if self.has_login:
            session, _, proof = request.cookies.get(self._cookie, "").rpartition(".")
            if not _are_same(proof, self._proof("session", session)):
                return ""
            until, _, user = session.partition(".")
            return strict_base64.decode_url(user).decode() if self._now() < int(until) else ""
        names = request.headers.getall(self._header, []) if self._header else []
        is_believed = len(names) == 1 and is_name(names[0].strip())
        if not is_believed or not self._is_proxy(request.client.host if request.client else ""):
            raise RequestRefused(403, 0, "No trusted proxy has named the user.")
        return str(names[0].strip())

    async def form(self, request: Asked) -> tuple[str, Form]:
        """Return the user and the submitted form."""
        user = self.user(request)
        if not user or not is_from(request, self.origin(request)):
            raise RequestRefused(403)
        form = await form_of(request)
        if not _are_same(value_of(form, "form"), self.form_token(user)):
            raise RequestRefused(403, 0, "This form has expired. Open the page again.")
        return user, form

    async def login_form(self, request: Asked) -> Form:
        """Return the submitted sign-in form."""
        if not is_from(request, self.origin(request)):
            raise RequestRefused(403)
        form = await form_of(request)
        for limit, key in ((self._guesses, network_of(request)), (self._all_guesses, "")):
            if wait := limit.wait(key, self._now()):
                raise RequestRefused(429, wait)
        return form

    def knows_token(self, request: Asked, form: Form) -> bool:
        """Whether the token in a form is correct; a wrong one counts towards the rate limits."""
        if self.has_login and _are_same(value_of(form, "token"), self._token):
            return True
        self._guesses.count(network_of(request), self._now())
        self._all_guesses.count("", self._now())
        return False

    def form_token(self, user: str) -> str:
        """Return the token that proves that a form was issued to a user."""
        return self._proof("form", user)

    def keep(self, reply: Response[str], user: str) -> Response[str]:
        """Set the session cookie for a user; an empty text deletes it."""
        session = f"{self._now() + SESSION_SECONDS}.{strict_base64.encode_url(user.encode())}"
        reply.set_cookie(
            self._cookie,
            f"{session}.{self._proof('session', session)}" if user else "",
            max_age=SESSION_SECONDS if user else 0,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="strict",
        )
        return reply

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return not peer  # a Unix socket
        return address.is_loopback or any(address in network for network in self._proxies)

    def _proof(self, what: str, text: str) -> str:
        return hmac.new(self._key, f"{what}\n{text}".encode(errors="replace"), hashlib.sha256).hexdigest()

    def _now(self) -> int:
        return int(self._clock().timestamp())


def is_name(text: str) -> bool:
    """Whether a text is usable as the name of a decision's author."""
    return text.isprintable() and 0 < len(text.strip()) <= _LONGEST_NAME


def _name_in(host: str) -> str:
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    name = name if name and port.isdigit() else host
    return name.removeprefix("[").removesuffix("]")


def _are_same(one_text: str, other: str) -> bool:
    """Compare texts in constant time."""
    digests = (hashlib.sha256(text.encode(errors="replace")).digest() for text in (one_text, other))
    return hmac.compare_digest(*digests)


def make_token(path: Path) -> bool:
    """Create the sign-in token unless it exists; return whether it was created."""
    try:
        durable.create(path, f"{secrets.token_urlsafe(_BYTES)}\n".encode(), secret=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise UsageError(f"token_file: {path} cannot be written: {error.strerror}") from error
    return True


def read_token(path: Path) -> str:
    """Read the token; a file readable by others or a token that can be guessed is a ``UsageError``."""
    token = read_text(str(path), "token_file")
    refuse_open(path, "token_file")
    if len(token) < _SHORTEST_TOKEN:
        raise UsageError(f"token_file: the token in {path} can be guessed", hint="remove it: one is made")
    return token
