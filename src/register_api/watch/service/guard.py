"""Who asks: a user whom a proxy names, or one who has the token; and whether a form is theirs.

A name in a header counts from this machine or an allowed proxy alone. Sessions and forms are proven by a key
that lasts as long as the process.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from register_api.core import strict_base64
from register_api.sending.settings import is_loopback
from register_api.watch.settings import WatchSettings

SESSION_SECONDS = 12 * 3600
_LONGEST_NAME = 100


class Caller(NamedTuple):
    """What is known of whoever asks, before they are believed.

    Attributes:
        peer: Address that has connected.
        names: Every value of the header that names the user.
        session: The cookie, or an empty text.
    """

    peer: str
    names: Sequence[str]
    session: str


class Guard:
    """Tells users from strangers."""

    def __init__(self, settings: WatchSettings, token: str, key: bytes) -> None:
        """Take who is believed.

        Args:
            settings: The address of the page, the header and the proxies.
            token: What people sign in with; empty where a proxy names users.
            key: Random bytes of this process.
        """
        self._address = urlsplit(settings.page_address)
        self._proxies = [ipaddress.ip_network(each) for each in settings.proxies]
        self._token, self._key = token, key
        self.has_login = bool(token)

    @property
    def is_secure(self) -> bool:
        """Whether browsers are to send the cookie over TLS alone."""
        return self._address.scheme == "https"

    @property
    def cookie(self) -> str:
        """Name of the cookie; browsers let no other host or path set one with the prefix."""
        return "__Host-watch" if self.is_secure else "watch"

    def origin(self, host: str) -> str:
        """Return the origin of the page, or an empty text where ``Host`` names another site.

        A site whose name was made to lead here names itself there (DNS rebinding).
        """
        if self._address.netloc:
            is_ours = host.casefold() == self._address.netloc.casefold()
            return f"{self._address.scheme}://{host}" if is_ours else ""
        return f"http://{host}" if is_loopback(_name_in(host)) else ""

    def user(self, caller: Caller, now: int) -> str:
        """Return the name of the user, or an empty text."""
        if self.has_login:
            return self._user_of(caller.session, now)
        names = caller.names if self._is_proxy(caller.peer) else ()
        return names[0].strip() if len(names) == 1 and is_name(names[0].strip()) else ""

    def knows(self, token: str) -> bool:
        """Tell whether somebody has the token, in a time that says nothing of it."""
        return self.has_login and hmac.compare_digest(_digest(token), _digest(self._token))

    def session(self, user: str, now: int) -> str:
        """Return the cookie of a user who has signed in."""
        said = f"{now + SESSION_SECONDS}.{strict_base64.encode_url(user.encode())}"
        return f"{said}.{self._proof('session', said)}"

    def form_token(self, user: str) -> str:
        """Return what proves that a form was shown to a user."""
        return self._proof("form", user)

    def is_form_of(self, user: str, token: str) -> bool:
        """Tell whether a form was shown to a user."""
        return hmac.compare_digest(_digest(token), _digest(self.form_token(user)))

    def _user_of(self, session: str, now: int) -> str:
        said, _, proof = session.rpartition(".")
        if not hmac.compare_digest(_digest(proof), _digest(self._proof("session", said))):
            return ""
        until, _, user = said.partition(".")
        return strict_base64.decode_url(user).decode() if now < int(until) else ""

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return not peer  # a Unix socket
        return address.is_loopback or any(address in network for network in self._proxies)

    def _proof(self, what: str, said: str) -> str:
        return hmac.new(self._key, f"{what}\n{said}".encode(errors="replace"), hashlib.sha256).hexdigest()


def is_name(text: str) -> bool:
    """Tell whether a text can stand beside a decision as the name of who made it."""
    return text.isprintable() and 0 < len(text.strip()) <= _LONGEST_NAME


def _name_in(host: str) -> str:
    """Return the name in ``Host``, without its port."""
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    name = name if name and port.isdigit() else host
    return name.removeprefix("[").removesuffix("]")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()
