"""What can happen to a register, each at a vendor of its own: told once, in its class, to its owner."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import time
from collections import Counter
from typing import TYPE_CHECKING

from publishers import NOW, Publisher
from register_api.bounded_http.limits import HttpLimits
from register_api.core.format import tree
from watched_host import watched_host
from watching import Watcher, add_vendor, settings_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from register_api.sending.database import Database
    from watched_host import Handler, WatchedHost

LIMITS = HttpLimits(redirects=3, attempts=1, connect=1, read=1, exchange=1.5)
LATER = NOW + dt.timedelta(minutes=1)
TODAY = NOW.date()
FIRST = tree.TIMESTAMP.path()


class Stage:
    """Vendors that all have published the same first version, until something happens to each."""

    def __init__(self, folder: Path, database: Database, host: WatchedHost) -> None:
        self.folder, self.database, self.host = folder, database, host
        self.original = Publisher(folder / "original")
        self.original.publish()
        self.expected: Counter[tuple[str, str, str]] = Counter()

    def vendor(self, name: str, *kinds: str) -> Publisher:
        """Add a vendor, and what is to be told of it."""
        (self.folder / name).mkdir()
        publisher = self.original.copied(self.folder / name)
        self.host.trees[name] = publisher.store / "public"
        add_vendor(self.database, name, register=self.host.address(name))
        self.expected.update((name, kind, f"{name}@customer.example") for kind in kinds)
        return publisher

    def told(self) -> Counter[tuple[str, str, str]]:
        """Return how often each vendor's owner was told of each class."""
        rows = self.database.query("SELECT vendor, class, owner FROM news")
        return Counter((row["vendor"], row["class"], row["owner"]) for row in rows)


def _happens_in_registers(stage: Stage) -> list[Callable[[], object]]:
    """Return what publishers say, each to be called once the first look is over."""
    short = 'short_notice = { reason = "A fire" }\n'
    found: list[Callable[[], object]] = []

    def says(name: str, *kinds: str, what: Callable[[Publisher], object]) -> None:
        publisher = stage.vendor(name, *kinds)
        found.append(lambda: (what(publisher), publisher.publish(LATER)))

    says("adds", "added", what=lambda p: p.list("beta", f"starts_on = {TODAY + dt.timedelta(days=40)}\n"))
    says(
        "short",
        "added",
        "short",
        what=lambda p: p.list("beta", f"starts_on = {TODAY + dt.timedelta(days=3)}\n{short}"),
    )
    says(
        "late",
        "added",
        "late",
        what=lambda p: p.list("beta", f"starts_on = {TODAY - dt.timedelta(days=3)}\n{short}"),
    )
    says("ends", "ended", what=lambda p: p.list("acme", f"ends_on = {TODAY + dt.timedelta(days=9)}\n"))
    says("notes", "details_changed", what=lambda p: p.say("second"))
    says("policy", "policy_changed", what=lambda p: p.say("first", days=60))
    says(
        "moves",
        "policy_changed",
        "moved",
        what=lambda p: _lifecycle(p, "moved", 'successor = "https://new.example/"\n'),
    )
    says("closes", "policy_changed", "closed", what=lambda p: _lifecycle(p, "closed"))
    return found


def _lifecycle(publisher: Publisher, state: str, more: str = "") -> None:
    path = publisher.source / "register.toml"
    said = f'[lifecycle]\nstate = "{state}"\non = {TODAY}\n{more}'
    path.write_text(f"{path.read_text('utf-8')}\n{said}", "utf-8")


def _happens_at_hosts(stage: Stage) -> list[Callable[[], object]]:
    """Return what hosts and thieves do, each to be called once the first look is over."""
    host = stage.host

    def answers(name: str, kind: str, answer: Callable[[Handler], object]) -> Callable[[], object]:
        stage.vendor(name, kind)
        return lambda: host.answers.__setitem__(name, answer)  # type: ignore[arg-type]

    return [
        answers("dead", "unreachable", lambda handler: handler.connection.close()),
        answers("gone", "unreachable", lambda handler: handler.answer(404)),
        answers("failing", "unreachable", lambda handler: handler.answer(500)),
        answers("slow", "unreachable", lambda _: time.sleep(3)),
        answers("wall", "wall", lambda handler: handler.answer(403)),
        answers("challenge", "wall", lambda handler: handler.answer(200, b"<!doctype html>prove it")),
        answers("busy", "busy", lambda handler: handler.answer(429, Retry_After="7200")),
        answers("down", "busy", lambda handler: handler.answer(503)),
        answers(
            "elsewhere",
            "redirected",
            lambda handler: handler.answer(308, Location=f"https://new.example/trust/{FIRST}"),
        ),
        answers("large", "malformed", lambda handler: handler.answer(200, b"{" * 9_000_000)),
        answers("nonsense", "malformed", lambda handler: handler.answer(200, b"\0\xff{}")),
        answers("packed", "malformed", lambda handler: handler.answer(200, b"x", Content_Encoding="gzip")),
    ]


def _happens_to_trees(stage: Stage) -> list[Callable[[], object]]:
    """Return what is served that does not follow from what was served before."""
    host = stage.host
    backwards = stage.vendor("backwards", "rolled_back")
    older = stage.folder / "older"
    shutil.copytree(backwards.store / "public", older)
    backwards.publish_note("second", LATER)

    forks = stage.vendor("forks", "forked")
    (stage.folder / "twin").mkdir()
    twin = forks.copied(stage.folder / "twin")
    forks.publish_note("one", LATER)
    twin.publish_note("another", LATER)

    (stage.folder / "stranger").mkdir()
    stranger = Publisher(stage.folder / "stranger")
    stranger.publish()
    stage.vendor("stolen", "untrusted")

    touched = stage.vendor("touched", "forged")

    def touch() -> None:
        path = touched.store / "public" / FIRST
        path.unlink()  # a name of a file that others may have, too
        path.write_bytes(
            re.sub(b'"sig":"(.)', _other_digit, (stage.original.store / "public" / FIRST).read_bytes())
        )

    def serve(name: str, public: Path) -> Callable[[], object]:
        return lambda: host.trees.__setitem__(name, public)

    return [
        serve("backwards", older),
        serve("forks", twin.store / "public"),
        serve("stolen", stranger.store / "public"),
        touch,
    ]


def _other_digit(found: re.Match[bytes]) -> bytes:
    return b'"sig":"' + (b"1" if found[1] == b"0" else b"0")


def _names(stage: Stage, name: str) -> Callable[[Handler], object]:
    """Return an answer that names the register of a vendor, as the website of that vendor does."""
    data = (stage.original.store / "public" / tree.DISCOVERY.path()).read_bytes()
    named = data.replace(b"https://example.com/", stage.host.address(name).encode())
    return lambda handler: handler.answer(200, named)


def test_each_event_is_told_once_in_its_class_to_its_owner(database: Database, folder: Path) -> None:
    with watched_host() as host:
        stage = Stage(folder, database, host)
        events = [*_happens_in_registers(stage), *_happens_at_hosts(stage), *_happens_to_trees(stage)]
        (folder / "frozen").mkdir()
        frozen = Publisher(folder / "frozen")
        frozen.publish(NOW - dt.timedelta(days=4))
        host.trees["frozen"] = frozen.store / "public"
        add_vendor(database, "frozen", register=host.address("frozen"))
        stage.expected["frozen", "stale", "frozen@customer.example"] += 1
        host.trees["trust"], host.answers["site"] = stage.original.store / "public", _names(stage, "trust")
        add_vendor(database, "site", website=host.address("site"))
        watcher = Watcher(database, settings_for(folder, pool=8, failures_before_alert=2), LIMITS)
        assert [row["vendor"] for row in watcher.round()] == ["site"]
        for happen in events:
            happen()
        for _ in range(3):
            watcher.round()
        assert database.query("SELECT outcome FROM polls WHERE vendor = 'site'") == [{"outcome": "fresh"}]
        stage.expected["site", "found", "site@customer.example"] += 1
        assert stage.told() == stage.expected, watcher.told
        assert sum(stage.expected.values()) >= 25
