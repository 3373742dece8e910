"""Wherever a vendor's address, a website or a redirect leads: nothing inside is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hostile_server import Server, reply
from inward_addresses import ADDRESSES
from publishers import NOW
from register_api.bounded_http.limits import HttpLimits, Reach, reach_with
from register_api.watch.check_vendor import Lease, PollFetcher, Polling, poll_register
from register_api.watch.vendors import Vendor
from watched_host import watched_host
from watching import Watcher, add_vendor, settings_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from register_api.sending.database import Database

LIMITS = HttpLimits(redirects=3, attempts=1, connect=0.3, read=0.5, exchange=1)
INWARD = [address for address, allowed, _ in ADDRESSES if not allowed]
SPELLED = ["localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::ffff:7f00:1]", "localhost."]


def looked_at(folder: Path, register: str, reach: Reach) -> tuple[str, str]:
    """Look at a register; returns the outcome and what is said."""
    polling = Polling(folder, lambda base: PollFetcher(base, LIMITS, reach, command="watch"), 0.1)
    found = poll_register(Lease(Vendor(id="acme", name="Acme", register=register)), NOW, polling)
    return found.outcome, found.message


@pytest.mark.parametrize("address", INWARD)
def test_a_name_that_leads_inwards_is_not_asked(tmp_path: Path, address: str) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return [address]

    outcome, said = looked_at(tmp_path, "http://trust.acme.example/", Reach(resolve=resolve))
    assert outcome == "unreachable"
    assert "not public" in said


@pytest.mark.parametrize("host", SPELLED)
def test_no_spelling_of_this_machine_is_asked(tmp_path: Path, host: str) -> None:
    server = Server(reply(b"{}"))
    try:
        port = server.base.rstrip("/").rpartition(":")[2]
        assert looked_at(tmp_path, f"http://{host}:{port}/", reach_with(()))[0] in {"unreachable", "unusable"}
        assert server.requests == []
    finally:
        server.close()


def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing(tmp_path: Path) -> None:
    """DNS rebinding: each resolution is judged, and what was judged is what is connected to."""
    server, answers = Server(reply(b"{}")), 0

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        nonlocal answers
        answers += 1
        return ["203.0.114.1"] if answers % 2 else ["127.0.0.1"]

    try:
        for _ in range(4):
            outcome, _ = looked_at(tmp_path, server.base, Reach(resolve=resolve))
            assert outcome == "unreachable"
        assert answers == 4
        assert server.requests == []
    finally:
        server.close()


def test_neither_a_redirect_nor_a_website_leads_inwards(database: Database, folder: Path) -> None:
    """What a site names is watched, and its address is judged like any other."""
    inner = Server(reply(b"{}"))
    document = (
        b'{"format":"sub-processor-register-discovery/1","format_minor":0,"registers":[{"feed_url":"",'
        b'"previous_names":[],"register":"a.example/x","register_url":"","root":{"sha256":"' + b"0" * 64 +
        b'","version":1},"targets_url":"","title":"A","tree_url":"http://localhost:PORT/","trust_url":""}]}'
    ).replace(b"PORT", inner.base.rstrip("/").rpartition(":")[2].encode())  # fmt: skip
    with watched_host() as host:
        host.answers["moves"] = lambda handler: handler.answer(307, Location=inner.base)
        host.answers["names"] = lambda handler: handler.answer(200, document)
        add_vendor(database, "moves", register=host.address("moves"))
        add_vendor(database, "names", website=host.address("names"))
        watcher = Watcher(database, settings_for(folder), LIMITS)
        watcher.poller._polling = Polling(folder, _reaching_by_number_alone, 0.1)
        watcher.round()
        watcher.round()
    rows = database.query("SELECT vendor, outcome FROM polls ORDER BY vendor")
    assert [row["outcome"] for row in rows] == ["redirected", "unreachable"]
    assert inner.requests == []
    inner.close()


def _reaching_by_number_alone(base: str) -> PollFetcher:
    """Return a fetcher that may ask the host of the test, and which names lead elsewhere on this machine."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"] if host == "127.0.0.1" else ["127.0.0.2"]

    reach = Reach(allow=reach_with(["127.0.0.1/32"]).allow, resolve=resolve)
    return PollFetcher(base, LIMITS, reach, command="watch")
