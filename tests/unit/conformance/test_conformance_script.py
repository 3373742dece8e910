"""The script as data: what it may say, and what a run makes of hosts that change or give in."""

from __future__ import annotations

import datetime as dt
import gzip
import re
import tracemalloc
from typing import TYPE_CHECKING

import brotli
import msgspec
import pytest
import zstandard

import stores
from register_api.core.canonical import encode
from register_api.core.format import tree
from register_api.core.format.paths import is_path, kind_of
from register_api.errors import Unreachable
from register_api.hosting.judgements import JUDGEMENTS
from register_api.hosting.raw_client import Answer, Client, NoAnswer, RunLimits, UsedUp, read_address
from register_api.hosting.script import (
    ConformanceCheck,
    Exchange,
    ExchangeContext,
    ServedFile,
    ServedTree,
    find_served_tree,
    load_checks,
    script_variables,
)
from register_api.hosting.suite import render_text, run_checks

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKS = load_checks()
NOW = dt.datetime(2026, 11, 27, 6, 0, tzinfo=dt.UTC)
ADDRESS = read_address("https://trust.example.com/register/")
NONE = Answer(0, {}, b"")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_uses_names_patterns_and_judgements_that_exist(check: ConformanceCheck) -> None:
    """A name that nobody replaces would be asked for as it stands."""
    place = ServedFile(tree.REGISTER.path(), kind_of(tree.REGISTER.path())) if check.each != "once" else None
    places = ServedTree(newest=3, root=1, vendor="acme", files=())
    known = script_variables(ADDRESS, places, place, NONE, NONE)
    for exchange in check.exchange:
        texts = (exchange.send, *exchange.with_.values(), *exchange.headers.values(), exchange.body or "")
        assert {name for text in texts for name in re.findall(r"\$[a-z-]+", text)} <= known.keys()
        assert set(exchange.holds) <= JUDGEMENTS.keys()
        assert all(re.compile(pattern) for pattern in (*exchange.headers.values(), exchange.body or ""))
        assert re.fullmatch(r"[A-Z]+ (/|\*$|\$base/)\S*", exchange.send)
    assert check.standard


class Host(Client):
    """A host in memory: what it answers is made by a test."""

    def __init__(self, files: Mapping[str, bytes], limits: RunLimits | None = None) -> None:
        super().__init__(ADDRESS, limits or RunLimits())
        self.files = dict(files)

    def ask(self, method: str, target: str, headers: Mapping[str, str], version: str = "1.1") -> Answer:
        self.asked += 1
        body = self.files.get(target.removeprefix("/"))
        if body is None:
            return Answer(404, {}, b"")
        return Answer(200, {"x-asked": str(self.asked)}, body if method == "GET" else b"")


REGISTER = {tree.REGISTER.path(): encode(stores.register(1)), "": b"<!doctype html><html>"}


def check(**exchange: object) -> ConformanceCheck:
    """Return a check with one exchange."""
    one = Exchange(**{"send": "GET /v1/register.json", "status": 200, **exchange})  # type: ignore[arg-type]
    return ConformanceCheck(id="C01", title="A title", standard="A standard", host="any", exchange=(one,))


def test_parts_of_two_publications_are_no_finding() -> None:
    """When what is vouched for has changed meanwhile, a check is made once more."""

    class Publishing(Host):
        def ask(self, *request: object, **more: object) -> Answer:
            answer = super().ask(*request, **more)  # type: ignore[arg-type]
            if request[1] == "/now":
                self.files |= {tree.TIMESTAMP.path(): b"2", "now": b"new"}
            return answer

    host = Publishing({**REGISTER, tree.TIMESTAMP.path(): b"1", "now": b"old"})
    report = run_checks(host, [check(send="GET /now", body="new")], NOW)
    assert [item.result for item in report.checks] == ["ok"]
    steady = Host({**REGISTER, tree.TIMESTAMP.path(): b"1", "now": b"old"})
    assert run_checks(steady, [check(send="GET /now", body="new")], NOW).exit_code == 1


def test_the_report_says_what_was_asked_what_came_and_which_standard() -> None:
    """In words, with the section, and the findings beyond the third counted."""
    exchanges = tuple(
        Exchange(send=f"GET /{name}", status=200, with_={"Accept": "a\nb"})
        for name in ("1", "2", "3", "4\x1b")
    )
    failing = ConformanceCheck(
        id="C01", title="A title", standard="RFC 9110 section 9", host="any", exchange=exchanges
    )
    text = render_text(run_checks(Host(REGISTER), [failing], NOW))
    assert "FAILED       C01  A title" in text
    assert "RFC 9110 section 9; 4 answers, 4 of them are not as it should be" in text
    assert "- GET /1 with Accept: a | b" in text
    assert "status 404: expected status 200" in text
    assert "and 1 more (--json lists them)" in text
    assert "NOT CONFORMING (exit code 1): 1 checks failed" in text


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"[" * 100_000, b'{"version":"1"}', b'{"version":0,"subprocessors":[]}',
     b'{"version":true}', b'{"version":1,"subprocessors":7}', b"\xff"],
)  # fmt: skip
def test_where_no_register_is_nothing_is_judged(body: bytes) -> None:
    """Whatever is served at its address."""
    with pytest.raises(Unreachable, match="no register"):
        run_checks(Host({tree.REGISTER.path(): body}), CHECKS, NOW)


@pytest.mark.parametrize(
    "files",
    [
        {tree.TIMESTAMP.path(): b'{"signed":[]}', tree.KEYS.path(): b'{"keys":{}}'},
        {
            tree.TIMESTAMP.path(): b'{"signed":{"meta":{"snapshot.json":{"version":"../../x"}}}}',
            tree.KEYS.path(): b'{"keys":[7]}',
        },
        {
            tree.TIMESTAMP.path(): b'{"signed":{"meta":{"snapshot.json":{"version":1}}}}',
            "trust/1.snapshot.json": b'{"signed":{"meta":{"targets.json":{"version":1}}}}',
            "trust/1.targets.json": b'{"signed":{"targets":{"../etc":{"hashes":{"sha256":"../x"}},"a":7}}}',
            tree.KEYS.path(): b'{"keys":[{"kid":"../../../secret"}]}',
        },
    ],
)
def test_odd_metadata_leads_nowhere(files: dict[str, bytes]) -> None:
    """Only paths that the format knows are asked for."""
    host = Host({**REGISTER, **files})
    found = find_served_tree(lambda path: host.ask("GET", f"/{path}", {}))
    assert all(is_path(place.path) for place in found.files)


def test_a_place_is_of_every_kind_that_a_long_history_has() -> None:
    """From fifty versions on there are archive pages; full tiles from 256 on."""
    many = {**REGISTER, tree.REGISTER.path(): b'{"version":300,"subprocessors":[{"id":"acme"}]}'}
    host = Host({**many, tree.TIME_STAMP.path(300): b"stamp"})
    found = {place.path for place in find_served_tree(lambda path: host.ask("GET", f"/{path}", {})).files}
    assert {"feed/1.atom", "feed/1.atom.dsig", "log/tile/0/001.p/44", "log/tile/entries/001.p/44"} <= found
    assert {
        tree.TIME_STAMP.path(300),
        "subprocessors/acme/index.html",
        "v1/versions/300/diff.json.jws",
    } <= found


def scene(body: bytes = b"", first: bytes = b"", **headers: str) -> ExchangeContext:
    """Return a scene of a gzip request for the newest register."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ExchangeContext(
        address=ADDRESS,
        places=ServedTree(newest=3, root=1, vendor="acme", files=()),
        place=ServedFile(tree.REGISTER.path(), kind_of(tree.REGISTER.path())),
        exchange=Exchange(
            send="GET /v1/register.json", status=200, with_={"Accept-Encoding": named["coding"]}
        ),
        answer=Answer(200, {"content-encoding": named["coding"], "etag": '"a"', **named}, body),
        first=Answer(200, {"etag": '"b"'}, first),
        peek=lambda _: NONE,
    )


SMALL, LARGE = b"a" * 2000, b"a" * 2**26
BOMBS = {
    "gzip": gzip.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("coding", BOMBS)
def test_a_form_that_grows_beyond_the_file_is_not_unpacked(coding: str) -> None:
    """What is decoded is no longer than the file that it has to be."""
    assert not list(JUDGEMENTS["coding"](scene(BOMBS[coding](SMALL), SMALL, coding=coding)))
    bomb = scene(BOMBS[coding](LARGE), SMALL, coding=coding)
    tracemalloc.start()
    found = list(JUDGEMENTS["coding"](bomb))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [f"decoded from {coding} it is not the file"]
    assert peak < 2**24


@pytest.mark.parametrize(
    ("name", "hostile"),
    [
        ("links", scene(coding="gzip", link="<" * 100_000)),
        ("links", scene(coding="gzip", link='<a>; rel="' * 10_000)),
        ("policy", scene(b"<style" * 100_000, coding="gzip")),
        ("policy", scene(b"<style>" * 100_000, coding="gzip")),
        ("silent", scene(b"a-" * 200_000, coding="gzip")),
        ("silent", scene(b"abc/1." * 100_000, coding="gzip")),
        ("linkset", scene(b"[" * 1_000_000, coding="gzip")),
    ],
)
def test_a_hostile_answer_does_not_keep_a_judge_busy(name: str, hostile: ExchangeContext) -> None:
    """Complained about or not: it comes to an end (without bounds this would take minutes)."""
    list(JUDGEMENTS[name](hostile))


def test_links_cannot_write_into_the_next_request() -> None:
    """A target that could end a line of the request is not asked for."""
    asked: list[str] = []
    links = ", ".join(
        f'<{target}>; rel="item"' for target in ("/register/a b", "/register/ä", "/register/%0d%0a")
    )
    hostile = msgspec.structs.replace(
        scene(coding="gzip", link=links), peek=lambda path: asked.append(path) or NONE
    )
    list(JUDGEMENTS["links"](hostile))
    assert asked == ["%0d%0a"]


def test_bounds_that_end_before_the_checks_begin_are_no_answer() -> None:
    """Nothing is known of the host then."""

    class Miser(Host):
        def ask(self, *request: object, **more: object) -> Answer:
            if self.asked == 3:
                raise UsedUp
            return super().ask(*request, **more)  # type: ignore[arg-type]

    with pytest.raises(Unreachable, match="used up before"):
        run_checks(Miser(REGISTER), CHECKS, NOW)


def test_a_host_that_falls_silent_is_judged_by_its_silence() -> None:
    """What does not answer any more is a finding in every check, and no fault of this program."""

    class Tired(Host):
        def ask(self, *request: object, **more: object) -> Answer:
            if self.asked > 120:
                raise NoAnswer("no whole answer within 10 s")
            return super().ask(*request, **more)  # type: ignore[arg-type]

    report = run_checks(Tired(REGISTER), CHECKS, NOW, profile="service")
    assert report.exit_code == 1
    assert {item.result for item in report.checks} == {"failed"}
    assert "no answer: no whole answer within 10 s" in render_text(report)
