"""The service under a path of a host that has other things as well, such as ``/trust``.

Proxies either pass that path on or take it off; which one it is has to be said. It cannot be guessed:
``/trust/timestamp.json`` may be a path of the tree, or the prefix with a path after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.serve.http.asgi import NO_BODY, start_message
from register_api.serve.http.problem_replies import send_problem
from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from register_api.serve.http.asgi import App, Receive, Scope, Send


class Prefixed:
    """Shows the application behind it paths without the prefix, and clients addresses with it."""

    def __init__(self, app: App, prefix: str, *, stripped: bool) -> None:
        """Stand before an application.

        Args:
            app: What answers.
            prefix: Begins with a slash and does not end with one.
            stripped: Whether the proxy takes the prefix off before it asks.
        """
        self._app = app
        self._prefix = prefix
        self._stripped = stripped

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; what is not below the prefix is not here."""
        if scope["type"] != "http" or scope["path"] == "*":
            await self._app(scope, receive, send)
        elif self._stripped:
            raw = self._prefix.encode("ascii") + scope["raw_path"]
            await self._app({**scope, "raw_path": raw, "prefix": self._prefix}, receive, send)
        elif scope["path"].startswith(self._prefix + "/"):
            path = scope["path"].removeprefix(self._prefix)
            await self._app({**scope, "path": path, "prefix": self._prefix}, receive, send)
        elif scope["path"] == self._prefix:
            await _send_to_folder(self._prefix, send)
        else:
            detail = f"Everything here is below {self._prefix}/."
            await send_problem(Problem("not-found", detail), {**scope, "prefix": self._prefix}, send)


async def _send_to_folder(prefix: str, send: Send) -> None:
    location = prefix.rpartition("/")[2].encode("ascii") + b"/"
    headers = ((b"location", location), (b"content-length", b"0"), (b"cache-control", b"no-store"))
    await send(start_message(308, headers))
    await send(NO_BODY)
