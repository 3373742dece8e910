"""Clients that keep to no rules: the service answers others meanwhile and afterwards, and is not at fault.

All run against the real command in a process of its own. Times are settings, made short here; no test
asserts how long something took, but waits for it.
"""

from __future__ import annotations

import contextlib
import json
import random
import resource
import socket
import struct
import threading
from typing import TYPE_CHECKING

import pytest

import hostile
import stores
from hostile import GOOD, LAST, everything, replies
from patience import PATIENCE, in_background, wait_until
from quick_disk import quick_disk
from register_api.serve.http import limits as bounds
from tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hostile import Service

MEBIBYTE = 2**20
SECRETS = (b"traceback", b"register_api", b"/usr/", b"/tmp/", b"uvicorn", b"python", b".py")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with short times; one for all tests of this file."""
    store = tmp_path_factory.mktemp("store")
    large = random.Random(1).randbytes(8 * MEBIBYTE)  # noqa: S311 (bytes of no meaning)
    with quick_disk():
        stores.publish(store, 1, more={"feed.atom": large})
    times = {"REGISTER_KEEP_ALIVE_SECONDS": "1", "REGISTER_HEAD_SECONDS": "1", "REGISTER_SEND_SECONDS": "1"}
    with hostile.service(store, **times) as found:
        yield found
        assert found.faults() == []


@pytest.fixture(autouse=True)
def others_are_answered(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each attack a friendly client is answered."""
    yield
    if "served" in request.fixturenames:
        assert request.getfixturevalue("served").answers_others()


def harmless(raw: bytes) -> bool:
    """Tell whether what came back is not at fault and tells nothing of the machine."""
    return b"HTTP/1.1 5" not in raw and not any(word in raw.lower() for word in SECRETS)


PATHS = {
    b"/../../../../etc/passwd": 404,
    b"/v1/../../private/online.pem": 404,
    b"/v1/./register.json": 404,
    b"/%2e%2e/%2e%2e/etc/passwd": 404,
    b"/%2e%2e%2f%2e%2e%2fetc%2fpasswd": 404,
    b"/v1/%2e%2e/manifest.json": 404,
    b"/..\\..\\windows\\win.ini": 404,
    b"/..%5c..%5cetc": 404,
    b"/%c0%ae%c0%ae/etc/passwd": 404,
    b"/%e0%80%ae%e0%80%ae/etc/passwd": 404,
    b"/v1/register.json%00.html": 404,
    b"/v1/register.json%0d%0aX-Injected:1": 404,
    b"/%ff%fe": 404,
    b"/%": 404,
    b"/%zz": 404,
    b"//etc/passwd": 404,
    b"/v1/register.json/": 404,
    b"/../current/state.json": 404,
    b"/current/manifest.json": 404,
    b"/v1/register.json?x=" + b"a" * 1000: 200,
    b"/v1/subprocessors?q=%ff%00": 400,
    b"/v1/subprocessors/..%2f..%2fetc": 404,
    b"http://elsewhere/v1/register.json": 200,
    b"http://elsewhere/../etc/passwd": 404,
    b"http://elsewhere": 400,
    b"elsewhere:443": 400,
    b"*": 404,
    b"/v1/register.json\x00": 400,
    b"/\xc0\xae\xc0\xae/": 400,
    b"": 400,
}
"""Request target: the status that it gets."""


@pytest.mark.parametrize("target", PATHS, ids=str)
def test_a_target_leads_to_a_published_file_or_nowhere(served: Service, target: bytes) -> None:
    """No spelling of a path leaves the tree, and none is a fault."""
    raw = served.send(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    (reply,) = replies(raw)
    assert reply.status == PATHS[target]
    assert harmless(raw)
    assert "x-injected" not in reply.headers


HEAD = b"GET /v1/keys.json HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /v1/keys.json HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

MALFORMED: dict[str, tuple[bytes, int]] = {
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "folded header": (HEAD + b"X: a\r\n b\r\n\r\n", 400),
    "bare LF": (b"GET /v1/keys.json HTTP/1.1\nHost: x\n\n", 400),
    "bare CR": (b"GET /v1/keys.json HTTP/1.1\rHost: x\r\r", 400),
    "CR in a value": (HEAD + b"X: a\rb\r\n\r\n", 400),
    "NUL in a value": (HEAD + b"X: a\0b\r\n\r\n", 400),
    "space before the colon": (HEAD + b"X : a\r\n\r\n", 400),
    "no name": (HEAD + b": a\r\n\r\n", 400),
    "length and chunks": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
    "chunks, then identity": (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "length with a plus": (POST + b"Content-Length: +1\r\n\r\na", 400),
    "length beyond 64 bits": (POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", 400),
    "unknown coding": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 405),
    "chunk beyond 64 bits": (CHUNKED + b"F" * 20 + b"\r\nabc", 405),
    "chunk of no size": (CHUNKED + b"zz\r\nabc", 405),
    "long chunk extension": (CHUNKED + b"1;" + b"x" * 100_000, 405),
    "trailer": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nIf-None-Match: *\r\n\r\n", 200),
    "body on GET": (HEAD + b"Content-Length: 40\r\n\r\n" + SMUGGLED, 200),
    "promise to continue": (POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", 405),
    "upgrade": (HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 200),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "HTTP/1.9": (b"GET / HTTP/1.9\r\nHost: x\r\n\r\n", 400),
    "HTTP/2.0 in words": (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400),
    "tunnel": (b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 400),
    "unknown method": (b"get / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "TLS hello": (bytes.fromhex("16030102000100 01fc0303") + bytes(200), 400),
    "too many headers": (HEAD + b"".join(b"a%d: b\r\n" % n for n in range(bounds.MAX_HEADERS)), 431),
    "a long header": (HEAD + b"X: " + b"a" * bounds.MAX_HEAD_BYTES, 431),
    "a header without end": (HEAD + b"X: " + b"a" * MEBIBYTE, 431),
    "a long target": (b"GET /" + b"a" * bounds.MAX_TARGET_BYTES + b" HTTP/1.1\r\n", 414),
}
"""What is sent, and the one status that comes back before the connection is closed."""


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_plain_request_is_answered_once_and_the_connection_closed(
    served: Service, name: str
) -> None:
    """What follows it on the connection is never taken for a request: nothing can be smuggled."""
    data, status = MALFORMED[name]
    end = b"" if data.endswith(b"\r\n\r\n") else b"\r\n\r\n"
    raw = served.send(data + end + SMUGGLED)
    assert [reply.status for reply in replies(raw)] == [status]
    assert harmless(raw)
    if status in {400, 414, 431}:
        (reply,) = replies(raw)
        assert reply.headers["connection"] == "close"
        assert {"date", "cache-control"} <= reply.headers.keys()
        assert json.loads(reply.body)["status"] == status


def test_as_many_headers_as_may_be_are_taken(served: Service) -> None:
    """The bounds themselves are still good."""
    more = b"".join(b"a%d: b\r\n" % n for n in range(bounds.MAX_HEADERS - 2))
    target = b"/v1/keys.json?" + b"a" * (bounds.MAX_TARGET_BYTES - 14)
    raw = served.send(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + more + b"\r\n")
    assert [reply.status for reply in replies(raw)] == [200]


def test_what_was_asked_before_the_garbage_is_answered_first(served: Service) -> None:
    """In order, so that nobody takes the refusal for an answer to something else."""
    found = replies(served.send(GOOD * 2 + b"nonsense\r\n\r\n"))
    assert [reply.status for reply in found] == [200, 200, 400]


def test_garbage_of_every_kind_is_no_fault(served: Service) -> None:
    """Random bytes, and good requests with a byte changed, doubled or left out."""
    chance = random.Random(7)  # noqa: S311 (the same every time)
    for _ in range(150):
        data = bytearray(GOOD + LAST)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(data))
            data[place : place + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 3))
        assert harmless(served.send(bytes(data), half_close=True))
    for size in (1, 10, 1000, 100_000):
        assert harmless(served.send(chance.randbytes(size), half_close=True))


def test_headers_of_every_kind_are_no_fault(served: Service) -> None:
    """Those that are looked at, with values that no client sends: conditions, codings, kinds of document."""
    chance = random.Random(11)  # noqa: S311 (the same every time)
    pieces = [
        b"gzip",
        b"br",
        b"identity",
        b"*",
        b";",
        b"q=",
        b"0",
        b"1.0001",
        b",",
        b'"',
        b"W/",
        b"text/html",
    ]
    pieces += [b" ", b"\t", b"\xff", b"=", b"-1", b"Thu, 01 Jan 1970 00:00:00 GMT", b"99999999999", b"\\"]
    names = [b"Accept-Encoding", b"Accept", b"If-None-Match", b"If-Modified-Since", b"Range", b"Origin"]
    targets = [b"/v1/register.json", b"/v1/versions/1/diff.json", b"/nothing", b"/v1/upcoming", b"/"]
    for _ in range(200):
        lines = [
            chance.choice(names) + b": " + b"".join(chance.choices(pieces, k=chance.randint(0, 9)))
            for _ in range(chance.randint(1, 5))
        ]
        head = b"GET " + chance.choice(targets) + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        raw = served.send(head + b"".join(line + b"\r\n" for line in lines) + b"\r\n")
        assert harmless(raw)
        assert replies(raw)[0].status in {200, 304, 404, 406}, lines


def test_hundreds_of_requests_at_once_are_answered_up_to_a_bound(served: Service) -> None:
    """The last that is taken says that it is; a client asks for the rest again (RFC 9112 section 9.3.2)."""
    before = served.resident_bytes()
    for _ in range(5):
        found = replies(served.send((HEAD + b"\r\n") * 5_000))
        assert {reply.status for reply in found} == {200}
        assert bounds.MAX_PIPELINED <= len(found) <= bounds.MAX_PIPELINED + 2
        assert [reply.headers.get("connection") for reply in found[-2:]] == [None, "close"]
    assert served.resident_bytes() - before < 32 * MEBIBYTE


def test_a_head_that_comes_too_slowly_is_given_up(served: Service) -> None:
    """A byte now and then buys no more time (slowloris)."""
    enough = threading.Event()
    with served.connect() as connection:

        def drip() -> None:
            with contextlib.suppress(OSError):
                for byte in HEAD * 100:
                    connection.sendall(bytes([byte]))
                    if enough.wait(0.05):
                        return

        with in_background(drip, stop=enough.set):
            raw = everything(connection)
    assert [reply.status for reply in replies(raw)] == [408]


def test_a_hundred_slow_heads_do_not_keep_others_out(served: Service) -> None:
    """They are all given up, and their connections with them."""
    slow = [served.connect() for _ in range(100)]
    for connection in slow:
        connection.sendall(HEAD)
    assert served.answers_others()
    assert {reply.status for one in slow for reply in replies(everything(one))} == {408}
    for connection in slow:
        connection.close()


@pytest.mark.parametrize("data", [b"", b"\r\n", GOOD])
def test_an_idle_connection_is_closed(served: Service, data: bytes) -> None:
    """One that never said anything, one that said nothing, and one that was answered."""
    found = replies(served.send(data))
    assert [reply.status for reply in found] == [200] * (data == GOOD)


def test_empty_lines_without_end_are_no_request(served: Service) -> None:
    """Nor do they keep a connection open."""
    raw = served.send(b"\r\n" * MEBIBYTE)
    assert [reply.status for reply in replies(raw)] in ([], [431])


def test_a_body_that_never_ends_is_not_waited_for(served: Service) -> None:
    """The reply comes at once; what is sent on after it is thrown away, for a short time."""
    before = served.resident_bytes()
    with served.connect() as connection:
        connection.sendall(POST + b"Content-Length: 99999999999\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(2_000):
                connection.sendall(bytes(65536))
        raw = everything(connection)
    assert [reply.status for reply in replies(raw)] in ([405], [])  # the system may have dropped it
    assert served.resident_bytes() - before < 16 * MEBIBYTE


def test_a_slow_body_gets_its_reply_at_once(served: Service) -> None:
    """And nothing is waited for after it."""
    with served.connect() as connection:
        connection.sendall(POST + b"Content-Length: 10\r\n\r\na")
        (reply,) = replies(everything(connection))
    assert (reply.status, reply.headers["connection"]) == (405, "close")


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n", b"Content-Length: 5\r\n"])
def test_a_client_that_never_reads_is_cut_off(served: Service, more: bytes) -> None:
    """Fifty of them, each asking for 8 MiB again and again, hold neither memory nor connections."""
    before, files = served.resident_bytes(), served.open_files()
    request = b"GET /feed.atom HTTP/1.1\r\nHost: x\r\n" + more + b"\r\n"
    deaf = [served.connect(receive_bytes=4096) for _ in range(50)]
    for connection in deaf:
        connection.sendall(request * 100)
    assert served.answers_others()
    assert served.resident_bytes() - before < 64 * MEBIBYTE
    wait_until(lambda: served.open_files() <= files)
    for connection in deaf:
        connection.close()


def test_what_clients_did_not_read_is_given_back(tmp_path: Path) -> None:
    """Thirty replies of 8 MiB, of which nothing is kept: their memory goes back to the system with them."""
    store = tmp_path / "store"
    large = random.Random(2).randbytes(8 * MEBIBYTE)  # noqa: S311 (bytes of no meaning)
    with quick_disk():
        stores.publish(store, 1, more={"v1/versions/1/diff.json": large})
    request = b"GET /v1/versions/1/diff.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with hostile.service(store, REGISTER_CACHE_BYTES="0", REGISTER_SEND_SECONDS=str(PATIENCE)) as service:
        before = service.resident_bytes()
        for _ in range(2):
            deaf = [service.connect(receive_bytes=4096) for _ in range(30)]
            for connection in deaf:
                connection.sendall(request)
                connection.recv(1)
            assert service.resident_bytes() - before > 200 * MEBIBYTE
            for connection in deaf:
                connection.close()
            wait_until(lambda: service.resident_bytes() - before < 40 * MEBIBYTE)
        assert service.answers_others()


def test_a_client_that_reads_slowly_but_reads_gets_everything(served: Service) -> None:
    """Only those are cut off who take less than a floor, not those on a slow line."""
    with served.connect(receive_bytes=1 << 16) as connection:
        connection.sendall(b"GET /feed.atom HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        parts = []
        pause = threading.Event()
        while part := connection.recv(1 << 17):
            parts.append(part)
            pause.wait(0.02)
    (reply,) = replies(b"".join(parts))
    assert len(reply.body) == 8 * MEBIBYTE


def test_half_open_and_reset_connections_leave_nothing_behind(served: Service) -> None:
    """Clients that vanish in the middle of a request, or right after it."""
    files = served.open_files()
    for data in (b"GET /v1/reg", GOOD[:-2], GOOD * 20, b"GET /feed.atom HTTP/1.1\r\nHost: x\r\n\r\n"):
        for _ in range(25):
            connection = served.connect()
            connection.sendall(data)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()  # a reset
        half = served.connect()
        half.sendall(data)
        half.shutdown(socket.SHUT_WR)
        everything(half)
        half.close()
    wait_until(lambda: served.open_files() <= files)


def test_one_connection_too_many_is_told_so(tmp_path: Path) -> None:
    """With 503 and when to come back; those that are open are still answered."""
    store = stores.make_store(tmp_path / "store", 1)
    settings = {"REGISTER_MAX_CONNECTIONS": "100", "REGISTER_HEAD_SECONDS": str(PATIENCE)}
    with hostile.service(store, **settings) as roomy, contextlib.ExitStack() as stack:
        wait_until(lambda: roomy.open_files() < 50)
        many = [stack.enter_context(roomy.connect()) for _ in range(100)]
        with roomy.connect() as late:
            (reply,) = replies(everything(late))
        assert (reply.status, reply.headers["retry-after"]) == (503, "5")
        assert json.loads(reply.body)["type"].endswith(":too-many-connections")
        many[0].sendall(LAST)
        assert [reply.status for reply in replies(everything(many[0]))] == [200]
        stack.close()
        wait_until(lambda: roomy.open_files() < 50)
        assert roomy.answers_others()


IDLE = 5_000
FEW, MANY = 1_024, IDLE + 1_000


@contextlib.contextmanager
def open_files(number: int) -> Iterator[None]:
    """Allow this process, and those it starts meanwhile, that many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def exactly(connection: socket.socket, size: int) -> bytes:
    """Return so many bytes."""
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        assert part, "the other end has closed"
        data += part
    return data


def test_five_thousand_idle_connections_are_held_and_others_answered(tmp_path: Path) -> None:
    """The service raises its own limit of open files as far as it may, and needs 60 MiB at the most."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < MANY:
        missing(f"room for {MANY} open files, instead of {hard},", f"ulimit -Hn {MANY}")
    store = stores.make_store(tmp_path / "store", 1)
    with contextlib.ExitStack() as stack:
        with open_files(FEW):
            served = stack.enter_context(hostile.service(store, REGISTER_KEEP_ALIVE_SECONDS="60"))
        stack.enter_context(open_files(MANY))
        before, request = served.resident_bytes(), HEAD + b"\r\n"
        size = len(served.send(LAST)) - len(b"connection: close\r\n")
        idle = [stack.enter_context(served.connect()) for _ in range(IDLE)]
        for connection in idle:
            connection.sendall(request)
        assert all(exactly(connection, size).startswith(b"HTTP/1.1 200") for connection in idle)
        assert served.answers_others()
        assert served.resident_bytes() - before < 60 * MEBIBYTE
        for connection in idle[::100]:
            connection.sendall(request)
            assert exactly(connection, size).startswith(b"HTTP/1.1 200")
        assert served.faults() == []
