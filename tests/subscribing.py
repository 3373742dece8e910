"""The subscription service as seen by subscribers, mail programs and strangers: pages, forms, mails."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import re
from typing import TYPE_CHECKING

import httpx
from bs4 import BeautifulSoup

from notices import record, settings_for, worker
from patience import PATIENCE
from publishers import NOW
from register_api.notify.service import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mail_peer import Arrived, MailPeer
    from notices import Time
    from publishers import Publisher
    from register_api.sending.database import Database

SERVICE = "https://trust.example.com/subscriptions/"
OBJECTION = 'objection = { days = 14, contact = "mailto:privacy@example.com" }\n'


class Public:
    """A publisher with a subscription service, and a worker that sends its mails to a peer.

    Attributes:
        client: Client address that a local proxy reports.
    """

    def __init__(
        self, folder: Path, database: Database, where: str, publisher: Publisher, peer: MailPeer, time: Time
    ) -> None:
        self.settings = settings_for(folder, peer, subscriptions=SERVICE, database=where)
        self.database, self.publisher, self.peer, self.time = database, publisher, peer, time
        self.app = create_app(self.settings, time.now)
        self.client = "192.0.2.1"
        record(database, self.settings, publisher)

    def ask(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, **more
    ) -> httpx.Response:
        """Request a page by path or URL."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 1))
            said = {"x-forwarded-for": self.client, **(headers or {})}
            async with httpx.AsyncClient(transport=transport, base_url=SERVICE, timeout=PATIENCE) as client:
                return await client.request(method, address, headers=said, **more)

        return asyncio.run(asked())

    def get(self, page: str = "") -> httpx.Response:
        return self.ask("GET", page)

    def post(self, page: str = "", **form: object) -> httpx.Response:
        return self.ask("POST", page, data=form)

    def wish(self, address: str, **form: object) -> httpx.Response:
        """Submit the subscription form."""
        return self.post(address=address, **{"language": "en", "reminders": "yes", **form})

    def send(self) -> list[Arrived]:
        """Send all due mails, and return those that arrived."""
        before = len(self.peer.mails)
        with worker(self.database, self.settings, self.time, []) as made:
            made.send_due()
        return self.peer.mails[before:]

    def subscribed(self, address: str, **form: object) -> str:
        """Subscribe and confirm; return the URL for managing the subscription."""
        assert self.wish(address, **form).status_code == 200
        (mail,) = self.send()
        page = self.post(link_in(mail, "confirm"))
        assert page.status_code == 200
        return links_of(page.text, "manage")[0]

    def announce(self, vendor: str, minutes: int = 1, days: int = 40) -> int:
        """Publish a version with another vendor, and record it."""
        self.publisher.list(vendor, f"starts_on = {NOW.date() + dt.timedelta(days=days)}\n")
        self.publisher.publish(NOW + dt.timedelta(minutes=minutes))
        return record(self.database, self.settings, self.publisher)[-1]

    def everything(self) -> dict[str, list[dict]]:
        """Return all rows of the tables that the service may write."""
        tables = ("recipients", "deliveries", "links", "answers", "facts")
        return {table: self.database.query(f"SELECT * FROM {table}") for table in tables}  # noqa: S608


def link_in(mail: Arrived, purpose: str) -> str:
    """Return a mail's only link for a purpose, the same in the text and HTML parts."""
    read = mail.read()
    text = read.get_body(("plain",)).get_content()
    (found,) = re.findall(rf"{re.escape(SERVICE)}{purpose}/[\w-]+", text)
    assert links_of(read.get_body(("html",)).get_content(), purpose) == [found]
    return found


def links_of(html: str, purpose: str) -> list[str]:
    """Return the links of a page for a purpose."""
    hrefs = [str(each["href"]) for each in BeautifulSoup(html, "html.parser").find_all("a", href=True)]
    return [href for href in hrefs if href.startswith(f"{SERVICE}{purpose}/")]


def form_of(page: httpx.Response) -> dict[str, object]:
    """Return the data that a page's form would submit unchanged."""
    said: dict[str, list[str]] = {}
    soup = BeautifulSoup(page.text, "html.parser")
    for field in soup.find_all("input"):
        if field.get("type") not in {"checkbox", "radio"} or field.has_attr("checked"):
            said.setdefault(str(field["name"]), []).append(str(field.get("value", "")))
    for field in soup.find_all("select"):
        (chosen,) = field.find_all("option", selected=True)
        said[str(field["name"])] = [str(chosen["value"])]
    return dict(said)


@contextlib.contextmanager
def public(*given) -> Iterator[Public]:
    """Run a service while the block runs."""
    made = Public(*given)
    try:
        yield made
    finally:
        asyncio.run(_closed(made.app))


async def _closed(app) -> None:
    async with app.lifespan():
        pass
