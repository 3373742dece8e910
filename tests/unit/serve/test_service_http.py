"""The service over a real socket: what conformance checks cannot say by one exchange."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, get_args

import httpx
import pytest

import stores
from patience import PATIENCE, wait_until
from register_api.core.canonical import digest, parse
from register_api.core.format import tree
from register_api.core.patch import apply_patch
from register_api.core.timeline import State
from register_api.files.durable import switch_link
from register_api.store.reader import open_snapshot
from register_api.store.transaction import commit
from running import connect, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


SECRETS = (b"uvicorn", b"litestar", b"python", b"traceback")
"""What no error may name."""


@pytest.fixture(scope="module")
def base(three_versions: Path) -> Iterator[str]:
    """Serve three versions; return the address."""
    with running(three_versions) as url:
        yield url


def get(base: str, path: str, **headers: str) -> httpx.Response:
    """Ask for a path; underscores in header names stand for hyphens."""
    return httpx.get(
        base + path,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        timeout=PATIENCE,
    )


def raw(base: str, request: bytes, *, limit: int = 65536) -> bytes:
    """Send bytes as they are and return what comes back until the service closes the connection."""
    with connect(base) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(limit), b""))


def test_every_file_is_served_as_it_lies_in_the_store(base: str, three_versions: Path) -> None:
    """GET and HEAD of every path and form: the bytes of the file, and the same headers."""
    snapshot = open_snapshot(three_versions)
    assert snapshot is not None
    with httpx.Client(base_url=base, timeout=PATIENCE) as client:
        for path, entry in snapshot.manifest.files.items():
            for coding in ("identity", *entry.encodings):
                wanted = {"Accept-Encoding": coding}
                with client.stream("GET", path, headers=wanted) as answer:
                    assert b"".join(answer.iter_raw()) == snapshot.read(path, coding), (path, coding)
                head = client.head(path, headers=wanted)
                found, expected = dict(head.headers), dict(answer.headers)
                found.pop("date")
                expected.pop("date")
                assert (head.content, found) == (b"", expected)
                assert head.headers["content-type"] == entry.media_type
                again = client.get(path, headers={**wanted, "If-None-Match": head.headers["etag"]})
                assert (again.status_code, again.content) == (304, b"")


def test_a_new_publication_is_picked_up(tmp_path: Path) -> None:
    """Nothing published, then one version, then two: a client that keeps the tag sees each once."""
    with running(tmp_path) as base:
        empty = get(base, "v1/register.json")
        assert (empty.status_code, empty.headers["content-type"]) == (503, "application/problem+json")
        assert "retry-after" in empty.headers
        assert get(base, "readyz").status_code == 503
        assert get(base, "healthz").status_code == 200
        assert get(base, "v1/subprocessors").status_code == 503
        assert get(base, "openapi.json").status_code == 200
        for version in (1, 2):
            stores.publish(tmp_path, version)
            wait_until(lambda: get(base, "readyz").status_code == 200)
            wait_until(lambda number=version: get(base, "v1/register.json").json()["version"] == number)
            first = get(base, "v1/register.json")
            assert get(base, "v1/register.json", If_None_Match=first.headers["etag"]).status_code == 304
            assert get(base, f"v1/versions/{version}/register.json").content == first.content
            assert get(base, f"v1/versions/{version + 1}/register.json").status_code == 404


def test_a_failed_load_is_visible_and_harmless(one_version: Path) -> None:
    """What was loaded is served on, and /readyz says that something is wrong."""
    with running(one_version) as base:
        damaged = one_version / "generations" / "2"
        damaged.mkdir()
        (damaged / "manifest.json").write_bytes(b"{")
        switch_link(one_version / "current", "generations/2")
        wait_until(lambda: get(base, "readyz").json()["status"] == "degraded")
        assert get(base, "v1/register.json").json()["version"] == 1
        assert "manifest" not in get(base, "readyz").text


def test_not_ready_when_freshness_has_expired(one_version: Path) -> None:
    """An expired timestamp is said in words; the files are still served."""
    with running(one_version, lambda: stores.EXPIRES) as base:
        answer = get(base, "readyz")
        assert answer.status_code == 503
        assert "2026-06-01T12:00:00Z" in answer.json()["detail"]
        assert get(base, "v1/register.json").status_code == 200


@pytest.mark.parametrize(
    ("fresh_for", "left", "status"),
    [
        (dt.timedelta(hours=48), dt.timedelta(hours=12, seconds=1), "ready"),
        (dt.timedelta(hours=48), dt.timedelta(hours=12), "degraded"),
        (dt.timedelta(hours=1), dt.timedelta(minutes=16), "ready"),
        (dt.timedelta(days=28), dt.timedelta(days=7), "degraded"),
    ],
)
def test_readiness_warns_if_nobody_renews_the_timestamp(
    one_version: Path,
    monkeypatch: pytest.MonkeyPatch,
    fresh_for: dt.timedelta,
    left: dt.timedelta,
    status: str,
) -> None:
    """A quarter of its time before it expires: seven renewals should have come since the last."""
    monkeypatch.setattr(stores, "FRESH_FOR", fresh_for)
    commit(one_version, stores.timestamp(), stores.state(1), now=stores.published_at(2))
    with running(one_version, lambda: stores.EXPIRES - left) as base:
        answer = get(base, "readyz").json()
    assert (answer["status"], answer["fresh_until"]) == (status, "2026-06-01T12:00:00Z")
    assert [text for text in answer["warnings"] if "Nobody has renewed" in text] == answer["warnings"]
    assert len(answer["warnings"]) == (status == "degraded")


@pytest.mark.parametrize(
    "metadata",
    [
        b"{}",
        b"not json",
        b'{"signed":{"expires":"2026-06-01T12:00:00Z"}}',
        b'{"signed":{"expires":"soon","signed_at":"2026-05-30T12:00:00Z"}}',
        b'{"signed":{"expires":"0001-01-01T00:00:00+09:00","signed_at":"2026-05-30T12:00:00Z"}}',
        b'{"signed":{"expires":"2026-06-01T12:00:00","signed_at":"2026-05-30T12:00:00Z"}}',
        b'{"signed":{"expires":"2026-06-01T12:00:00Z","signed_at":"2026-05-30T12:00:00"}}',
    ],
)
def test_not_ready_when_the_timestamp_cannot_be_read(one_version: Path, metadata: bytes) -> None:
    """Odd metadata is no reason to fail, but none to be ready."""
    commit(one_version, {tree.TIMESTAMP.path(): metadata}, stores.state(1), now=stores.published_at(2))
    with running(one_version) as base:
        assert get(base, "readyz").status_code == 503


class TestDiff:
    """Diffs of any two versions."""

    @pytest.mark.parametrize(("older", "newer"), [(1, 2), (1, 3), (3, 1), (2, 2)])
    def test_its_patch_turns_one_into_the_other(self, base: str, older: int, newer: int) -> None:
        """Forwards, backwards and on the spot."""
        one, other = (get(base, f"v1/versions/{number}/register.json").content for number in (older, newer))
        answer = get(base, f"v1/diff?from={older}&to={newer}")
        document = parse(answer.content)
        assert apply_patch(parse(one), document["patch"]) == parse(other)
        assert document["older"] == {"version": older, "sha256": digest(one)}
        assert document["newer"] == {"version": newer, "sha256": digest(other)}
        assert answer.headers["register-version"] == str(newer)

    def test_of_neighbours_it_is_the_stored_one(self, base: str) -> None:
        """Byte for byte, so its signature holds for both."""
        stored = get(base, "v1/versions/3/diff.json").content
        assert get(base, "v1/diff?from=2&to=3").content == stored
        assert get(base, "v1/diff?from=2").content == stored

    def test_it_has_tags_and_forms_as_stored_documents(self, base: str) -> None:
        """Conditional requests, HEAD and codings work alike."""
        answer = get(base, "v1/diff?from=1", Accept_Encoding="gzip")
        assert answer.headers["content-encoding"] == "gzip"
        tag = answer.headers["etag"]
        assert (
            get(base, "v1/diff?from=1", Accept_Encoding="gzip", If_None_Match=f"W/{tag}").status_code == 304
        )
        assert get(base, "v1/diff?from=1", Accept_Encoding="identity", If_None_Match=tag).status_code == 200
        head = httpx.head(f"{base}v1/diff?from=1", headers={"Accept-Encoding": "gzip"}, timeout=PATIENCE)
        assert (head.content, head.headers["content-length"]) == (b"", answer.headers["content-length"])

    @pytest.mark.parametrize(
        ("query", "status"),
        [("", 400), ("?to=2", 400), ("?from=x", 400), ("?from=4", 404), ("?from=1&to=99", 404)],
    )
    def test_a_diff_of_unknown_versions_is_a_problem(self, base: str, query: str, status: int) -> None:
        """A wrong number is another problem than a wrong parameter."""
        answer = get(base, f"v1/diff{query}")
        assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")


class TestSubprocessors:
    """Filters and clocks; vendors 1 to 10 are of version 1, vendor 10+n of version n."""

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("state=announced", {"vendor-13"}),
            ("status=available", {"vendor-3", "vendor-6", "vendor-9", "vendor-12"}),
            ("status=active&country=FI", {"vendor-1", "vendor-5", "vendor-7", "vendor-13"}),
            ("country=DE", set()),
            ("category=support&status=active", {"vendor-2", "vendor-4", "vendor-8", "vendor-10"}),
            ("data_scope=customer_content&q=VENDOR%201", {"vendor-1", "vendor-13"}),
            ("q=part%207%20of", {"vendor-7"}),
            ("state=in_force&on=2026-02-12&q=vendor%2013", {"vendor-13"}),
            ("state=in_force&on=2026-02-11&q=vendor%2013", set()),
            ("q=vendor%201&known_at=2026-01-02T08:59:59Z", {"vendor-1", "vendor-10"}),
            ("q=vendor%201&known_at=2026-01-02", {"vendor-1", "vendor-10", "vendor-12"}),
            ("state=announced&state=available&country=FI", {"vendor-3", "vendor-9", "vendor-13"}),
        ],
    )
    def test_filters_fit_together(self, base: str, query: str, expected: set[str]) -> None:
        """Every filter has to fit; of a repeated one any value."""
        document = parse(get(base, f"v1/subprocessors?{query}").content)
        assert {vendor["id"] for vendor in document["subprocessors"]} == expected

    def test_without_filters_all_are_listed_with_their_state(self, base: str) -> None:
        """The answer names what it was computed from, and today in the publisher's zone."""
        answer = get(base, "v1/subprocessors")
        document = parse(answer.content)
        register = get(base, "v1/register.json")
        assert document["sha256"] == digest(register.content)
        assert document["on"] == "2026-01-03"
        assert answer.headers["register-version"] == "3"
        listed = document["subprocessors"]
        assert [vendor["engagements"][0].pop("state") for vendor in listed][:3] == [
            "in_force",
            "in_force",
            "available",
        ]
        assert listed == register.json()["subprocessors"]

    def test_today_is_the_publishers(self, one_version: Path) -> None:
        """At 23 h in UTC it is tomorrow in Helsinki already."""
        with running(one_version, lambda: dt.datetime(2026, 1, 3, 23, 0, tzinfo=dt.UTC)) as base:
            assert get(base, "v1/subprocessors").json()["on"] == "2026-01-04"

    @pytest.mark.parametrize(
        ("query", "parameter", "allowed"),
        [
            ("country=Finland", "country", ["EEA", "EU", "varies", "worldwide"]),
            ("status=on", "status", ["active", "conditional", "available"]),
            ("state=future", "state", [*get_args(State)]),
        ],
    )
    def test_a_value_that_cannot_be_is_refused(
        self, base: str, query: str, parameter: str, allowed: list[str]
    ) -> None:
        """The problem names the parameter and what it may be."""
        answer = get(base, f"v1/subprocessors?{query}")
        assert answer.status_code == 400
        problem = answer.json()
        assert (problem["parameter"], problem["allowed"]) == (parameter, allowed)

    def test_a_category_that_is_not_there_is_not_found(self, base: str) -> None:
        """Like the id of a vendor; the problem lists those that are there."""
        answer = get(base, "v1/subprocessors?category=hosting")
        problem = answer.json()
        assert (answer.status_code, problem["type"].rpartition(":")[2]) == (404, "no-such-category")
        assert (problem["parameter"], problem["allowed"]) == ("category", ["infrastructure", "support"])

    def test_one_comes_with_its_history(self, base: str) -> None:
        """Each version that changed it, newest first."""
        document = parse(get(base, "v1/subprocessors/vendor-12").content)
        assert document["subprocessor"]["name"] == "Vendor 12"
        assert [(step["version"], step["published_at"]) for step in document["history"]] == [
            (2, "2026-01-02T09:00:00Z")
        ]
        assert document["history"][0]["changes"][0]["type"] == "added"
        assert document["history_from"] == 1

    @pytest.mark.parametrize(
        "path", ["vendor-99", "vendor-12?known_at=2026-01-01", "x" * 65, "vendor-1/more", "Vendor-1"]
    )
    def test_an_unknown_one_is_not_found(self, base: str, path: str) -> None:
        """Nor one that was not known by then."""
        assert get(base, f"v1/subprocessors/{path}").status_code == 404

    def test_before_the_first_version_nothing_was_known(self, base: str) -> None:
        """That is a problem of its own."""
        answer = get(base, "v1/subprocessors?known_at=2025-12-31T00:00:00Z")
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (404, "nothing-known-yet")

    def test_upcoming_events_are_listed(self, base: str) -> None:
        """Vendor 13 starts 40 days after version 3."""
        found = parse(get(base, "v1/upcoming?on=2026-01-13").content)["upcoming"]
        assert [(item["subprocessor"], item["what"], item["day"]) for item in found] == [
            ("vendor-13", "start", "2026-02-12")
        ]


class TestOddRequests:
    """Bytes that no friendly client sends."""

    @pytest.mark.parametrize(
        ("request_", "status"),
        [
            (b"GET http://elsewhere/v1/register.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200),
            (b"GET /v1/%72egister.json HTTP/1.0\r\n\r\n", 200),
            (b"GET /v1%2Fregister.json HTTP/1.0\r\n\r\n", 404),
            (b"GET /v1%2fregister.json HTTP/1.0\r\n\r\n", 404),
            (b"GET /v1%252fregister.json HTTP/1.0\r\n\r\n", 404),
            (b"GET /v1//register.json HTTP/1.0\r\n\r\n", 404),
            (b"GET /v1/../v1/register.json HTTP/1.0\r\n\r\n", 404),
            (b"GET /v1/%2e%2e/v1/register.json HTTP/1.0\r\n\r\n", 404),
            (b"GET /trust%2F HTTP/1.0\r\n\r\n", 404),
            (b"GET /v1%2Fupcoming HTTP/1.0\r\n\r\n", 404),
            (b"GET /v1/subprocessors%2Facme HTTP/1.0\r\n\r\n", 404),
            (b"GET /v1/register.json HTTP/1.0\r\nIf-None-Match: \xff\xfe\r\n\r\n", 200),
            (
                b"GET /v1/register.json HTTP/1.0\r\nAccept-Encoding: gzip\r\nAccept-Encoding: br;q=0\r\n\r\n",
                200,
            ),
            (b"GET /%ff%00%0d%0aX:y HTTP/1.0\r\n\r\n", 404),
            (b"GET //v1/register.json HTTP/1.0\r\n\r\n", 404),
            (b"GET /../../etc/passwd HTTP/1.0\r\n\r\n", 404),
            (b"OPTIONS * HTTP/1.0\r\n\r\n", 204),
            (b"TRACE /v1/register.json HTTP/1.0\r\n\r\n", 405),
            (b"CONNECT x:443 HTTP/1.0\r\n\r\n", 400),
            (b"POST /v1/register.json HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", 405),
            (b"nonsense\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
            (b"GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/1.0\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", 431),
            (b"GET / HTTP/1.0\r\nX: " + b"a" * 100_000, 431),
            (b"\r\n" * 50_000, 431),
            (b"GET /" + b"a" * 100_000, 414),
            (b"GET /" + b"a" * 20_000 + b" HTTP/1.0\r\n\r\n", 414),
            (b"GET /?q=" + b"a" * 10_000 + b" HTTP/1.0\r\n\r\n", 200),
            (b'GET / HTTP/1.0\r\nIf-Match: "other"\r\n\r\n', 412),
            (b"GET / HTTP/1.0\r\nIf-Match: *\r\n\r\n", 200),
            (b"GET / HTTP/1.0\r\nIf-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\n\r\n", 412),
            (b"GET / HTTP/1.0\r\nIf-Unmodified-Since: never\r\n\r\n", 200),
        ],
    )
    def test_each_gets_a_status_and_no_secrets(self, base: str, request_: bytes, status: int) -> None:
        """The connection is answered and closed."""
        answer = raw(base, request_)
        assert answer.startswith(b"HTTP/1.1 %d" % status), answer[:200]
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"\r\nserver:" not in head.lower()
        if status >= 400:
            assert not any(word in answer.lower() for word in SECRETS)
            assert b"\r\nX:y" not in head
            assert b"\r\ncache-control: no-store\r\n" in head + b"\r\n"
            assert json.loads(body)["status"] == status

    def test_pipelined_requests_are_answered_in_order(self, base: str) -> None:
        """RFC 9112 section 9.3.2."""
        one = b"GET /v1/register.json HTTP/1.1\r\nHost: x\r\n\r\n"
        last = b"HEAD /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = raw(base, one * 2 + last)
        assert answer.count(b"HTTP/1.1 200") == 2
        assert answer.rstrip().rpartition(b"HTTP/1.1 ")[2].startswith(b"404")
        assert answer.endswith(b"\r\n\r\n")
