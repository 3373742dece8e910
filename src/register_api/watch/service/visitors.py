"""Requests of visitors: who they are, whether a form is theirs, how they sign in and out."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from register_api.clock import Clock
from register_api.watch.service.guard import SESSION_SECONDS, Caller, Guard
from register_api.watch.settings import WatchSettings
from register_api.web.asking import Form, Limit, RequestRefused, body_of, is_from, network_of, one, read_form

Asked = Request[Any, Any, Any]

_HOUR = 3600.0
_GUESSES = 20

_MISDIRECTED = "This page is not known by that name: the setting page_address has its address."
_UNKNOWN = "No proxy that is trusted has said who you are."


class Visitors:
    """Asks the guard about requests, and counts guesses."""

    def __init__(self, settings: WatchSettings, guard: Guard, clock: Clock) -> None:
        """Take who tells users from strangers, and the header that names users."""
        self._header, self._guard, self._clock = settings.user_header, guard, clock
        self._guesses, self._all_guesses = Limit(_GUESSES, _HOUR), Limit(10 * _GUESSES, _HOUR)

    def origin(self, request: Asked) -> str:
        """Return the origin of the page."""
        origin = self._guard.origin(request.headers.get("host", ""))
        if not origin:
            raise RequestRefused(421, 0, _MISDIRECTED)
        return origin

    def user(self, request: Asked) -> str:
        """Return who asks; an empty text where they can sign in."""
        self.origin(request)
        names = request.headers.getall(self._header, []) if self._header else []
        peer = request.client.host if request.client else ""
        session = request.cookies.get(self._guard.cookie, "")
        user = self._guard.user(Caller(peer, names, session), self._now())
        if not user and not self._guard.has_login:
            raise RequestRefused(403, 0, _UNKNOWN)
        return user

    async def form(self, request: Asked) -> tuple[str, Form]:
        """Return the user, and what they filled in."""
        user = self.user(request)
        if not user or not is_from(request, self.origin(request)):
            raise RequestRefused(403)
        form = read_form(await body_of(request))
        if not self._guard.is_form_of(user, one(form, "form")):
            raise RequestRefused(403, 0, "This form has expired. Open the page again.")
        return user, form

    async def login_form(self, request: Asked) -> Form:
        """Return what somebody filled in to sign in."""
        if not is_from(request, self.origin(request)):
            raise RequestRefused(403)
        form = read_form(await body_of(request))
        for limit, key in ((self._guesses, network_of(request)), (self._all_guesses, "")):
            if wait := limit.wait(key, self._now()):
                raise RequestRefused(429, wait)
        return form

    def knows_token(self, request: Asked, form: Form) -> bool:
        """Tell whether the token in a form is right; a wrong one counts as a guess."""
        if self._guard.knows(one(form, "token")):
            return True
        self._guesses.count(network_of(request), self._now())
        self._all_guesses.count("", self._now())
        return False

    def signed_in(self, reply: Response[str], name: str) -> Response[str]:
        """Have the browser keep who has signed in."""
        return self._kept(reply, self._guard.session(name, self._now()), SESSION_SECONDS)

    def signed_out(self, reply: Response[str]) -> Response[str]:
        """Have the browser forget it."""
        return self._kept(reply, "", 0)

    def _kept(self, reply: Response[str], session: str, seconds: int) -> Response[str]:
        reply.set_cookie(
            self._guard.cookie,
            session,
            max_age=seconds,
            path="/",
            secure=self._guard.is_secure,
            httponly=True,
            samesite="strict",
        )
        return reply

    def _now(self) -> int:
        return int(self._clock().timestamp())
