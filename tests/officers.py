"""A privacy officer's browser on the pages of the watcher, which is called without a socket."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import httpx

from patience import PATIENCE
from publishers import NOW
from register_api.watch.service import create_app
from watching import settings_for

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1:8003"
TOKEN = "a-token-that-nobody-can-guess-in-a-test"


class Officer:
    """A browser that keeps cookies and sets the origin of requests."""

    def __init__(self, folder: Path, peer: str = "127.0.0.1", token: str = TOKEN, **settings: object) -> None:
        self.now = NOW
        said = settings_for(folder, **settings)
        self.app = create_app(said, "" if said.user_header else token, lambda: self.now)
        self.peer, self.cookies = peer, httpx.Cookies()

    def ask(self, method: str, path: str, host: str = HOST, **more) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.peer, 1))
            base = f"http://{host}"
            given = {"base_url": base, "cookies": self.cookies}
            async with httpx.AsyncClient(transport=transport, timeout=PATIENCE, **given) as client:
                reply = await client.request(method, path, **more)
                self.cookies = client.cookies
                return reply

        return asyncio.run(asked())

    def get(self, path: str = "/", **more) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, /, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
        return self.ask("POST", path, headers=headers, data=form)

    def sign_in(self, name: str = "Ann Lee", token: str = TOKEN) -> httpx.Response:
        return self.post("/login", name=name, token=token)

    def decide(self, news: str, page: httpx.Response, **form: str) -> httpx.Response:
        return self.post(f"/news/{news}", **{"form": form_token(page), **form})

    def close(self) -> None:
        asyncio.run(_closed(self.app))


def form_token(page: httpx.Response) -> str:
    """Return the anti-forgery token of a page's form."""
    return re.findall(r'name="form" value="([0-9a-f]+)"', page.text)[0]


async def _closed(app) -> None:
    async with app.lifespan():
        pass
