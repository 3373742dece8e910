"""Real feed readers: the entries that each has stored after another poll."""

from __future__ import annotations

import datetime as dt
import email
import email.header
import email.policy
import re
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

import programs
from tools import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Seen(NamedTuple):
    """An entry as stored by a reader.

    Attributes:
        id: Its id in the reader.
        title: Its title.
        link: Its link.
        at: Its time.
        html: Its content, stripped; ``None`` if the reader stores it in another form.
    """

    id: str
    title: str
    link: str
    at: dt.datetime
    html: str | None


def newsboat(home: Path, feed: Path) -> list[Seen]:
    """Poll with newsboat, which keeps a database."""
    (home / "urls").write_text(feed.as_uri() + "\n", "utf-8")
    database = home / "cache.db"
    arguments = ("-u", home / "urls", "-c", database, "-C", home / "config", "-x", "reload")
    programs.output_of(need("newsboat"), *arguments, env=programs.environment(HOME=str(home)))
    rows = sqlite3.connect(database).execute("SELECT guid, title, url, pubDate, content FROM rss_item")
    return [Seen(id_, title, link, _instant(at), html.strip()) for id_, title, link, at, html in rows]


def sfeed(home: Path, feed: Path) -> list[Seen]:
    """Poll with sfeed, which keeps lines of fields (sfeed(5))."""
    rules = home / "sfeedrc"
    rules.write_text(f'sfeedpath="{home}"\nfeeds() {{ feed polled {feed.as_uri()}; }}\n', "utf-8")
    programs.output_of(need("sfeed_update"), rules)
    lines = (home / "polled").read_text("utf-8").splitlines()
    fields = ([_unescaped(text) for text in line.split("\t")] for line in lines)
    return [Seen(id_, title, link, _instant(at), html) for at, title, link, html, _, id_, *_ in fields]


def rss2email(home: Path, feed: Path) -> list[Seen]:
    """Poll with rss2email, which writes a mail for each new entry, here into a folder."""
    rules, memory, box = home / "rss2email.cfg", home / "rss2email.json", home / "mail"
    command = (need("r2e"), "--config", rules, "--data", memory)
    if not rules.exists():
        box.mkdir()
        options = (
            f"to = reader@example.com\ndate-header = True\nemail-protocol = maildir\nmaildir-path = {box}"
        )
        rules.write_text(f"[DEFAULT]\n{options}\n", "utf-8")
        programs.output_of(*command, "add", "polled", feed.as_uri())
    programs.output_of(*command, "run")
    return [_mail(path) for path in box.glob("INBOX/new/*")]


READERS: dict[str, Callable[[Path, Path], list[Seen]]] = {
    "newsboat": newsboat,
    "sfeed": sfeed,
    "rss2email": rss2email,
}
"""Functions that poll a feed once, with a folder for state, and return all entries seen so far."""


def _instant(seconds: int | str) -> dt.datetime:
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text)


def _mail(path: Path) -> Seen:
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    at = dt.datetime.strptime(mail["Date"], "%a, %d %b %Y %H:%M:%S %z")
    return Seen(mail["X-RSS-ID"], mail["Subject"], mail["X-RSS-URL"], at, None)
