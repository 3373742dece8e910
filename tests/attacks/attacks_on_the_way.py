"""Attacks on the way: servers that never end, never begin, lie about lengths, or send customers elsewhere."""

from __future__ import annotations

import gzip
import socket
import struct
from typing import TYPE_CHECKING

from attack import Room, honest, poll, three_versions

from hostile_server import drip, path_of, raw, reply, silence
from register_api.core.format import tree

if TYPE_CHECKING:
    from hostile_server import Answer

ROOM = Room("transport", "What a server, or whoever stands between, can do with HTTP.")

OK = b"HTTP/1.1 200 OK\r\n"
ENTRY = tree.VERSION_ENTRY.path(3)
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MEBIBYTE = b"x" * 2**20


def length(text: str) -> bytes:
    """Return the head of an answer that gives its length in these words."""
    return OK + f"Content-Length: {text}\r\n\r\n".encode()


def redirect(to: str, status: str = "302 Found") -> Answer:
    """Return the answer that leads elsewhere."""
    return reply(b"", status, f"Location: {to}")


def reset(connection: socket.socket, _: bytes) -> None:
    """Break the connection off in the middle of an answer."""
    connection.sendall(length("99") + b"half")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hundred_megabytes(connection: socket.socket, _: bytes) -> None:
    """Send 100 MB in one answer without a length, for as long as they are read."""
    connection.sendall(OK + b"Connection: close\r\n\r\n")
    for _ in range(100):
        connection.sendall(MEBIBYTE)
    connection.shutdown(socket.SHUT_RDWR)


def _bomb() -> bytes:
    """Return a hundred megabytes of zeros, compressed twice."""
    return gzip.compress(gzip.compress(bytes(100 * 2**20), 1), 9)


def to_itself(status: str) -> Answer:
    """Return the answer that leads in a circle."""
    return lambda connection, request: redirect(f"/{path_of(request)}", status)(connection, request)


NOT_HTTP = "What is not HTTP as this reader speaks it is no answer."
WHY = dict.fromkeys(("length of 5,000 digits", "gzip bomb in transfer", "length below zero"), NOT_HTTP)
ANSWERS: dict[str, tuple[str, Answer, int]] = {
    "404": ("Says that it is not there.", reply(b"", "404 Not Found"), 10),
    "403": ("Forbids it.", reply(b"", "403 Forbidden"), 10),
    "410": ("Says that it is gone.", reply(b"", "410 Gone"), 10),
    "500": ("Fails.", reply(b"", "500 Internal Server Error"), 10),
    "503": ("Is overloaded.", reply(b"", "503 Service Unavailable"), 10),
    "401": ("Asks for a password.", reply(b"", "401 Unauthorized"), 10),
    "204": ("Answers with nothing.", raw(b"HTTP/1.1 204 No Content\r\n\r\n"), 10),
    "206": ("Answers with a part.", reply(b"ok", "206 Partial Content"), 10),
    "304": ("Says that nothing has changed.", raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"), 10),
    "299": ("Answers with a status that nobody knows.", reply(b"ok", "299 Fine"), 10),
    "absurd length": ("Announces 99,999,999,999 bytes.", raw(length("99999999999")), 11),
    "length of 5,000 digits": ("Announces more bytes than there are atoms.", raw(length("9" * 5000)), 10),
    "length below zero": ("Announces minus one byte.", raw(length("-1") + b"x"), 10),
    "length that is no number": ("Announces some bytes.", raw(length("some") + b"x"), 10),
    "two lengths": (
        "Announces two lengths.",
        raw(OK + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\nok"),
        10,
    ),
    "length too large": ("Announces more bytes than come.", raw(length("50") + b"short"), 10),
    "length too small": ("Announces fewer bytes than come.", raw(length("2") + b"{}" + b"x" * 50), 11),
    "no length": (
        "Announces nothing, and ends the connection.",
        raw(OK + b"Connection: close\r\n\r\n{}"),
        11,
    ),
    "endless": ("Sends chunk after chunk.", drip(CHUNKED, b"100000\r\n" + MEBIBYTE + b"\r\n", 0), 11),
    "100 MB": ("Sends 100 MB.", hundred_megabytes, 11),
    "gzip bomb": ("Sends 100 MB, compressed twice.", reply(_bomb(), "200 OK", "Content-Encoding: gzip"), 11),
    "gzip bomb in transfer": (
        "The same, as transfer coding.",
        raw(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        10,
    ),
    "brotli": (
        "Sends an encoding that was not asked for.",
        reply(b"{}", "200 OK", "Content-Encoding: br"),
        11,
    ),
    "two encodings": ("Sends two encodings.", reply(b"{}", "200 OK", "Content-Encoding: identity, gzip"), 11),
    "one byte a second": ("Sends a byte at a time.", drip(length("4000"), b"x"), 10),
    "one header a second": ("Sends a header at a time.", drip(OK, b"X-A: b\r\n"), 10),
    "endless 100": ("Says for ever that it will continue.", drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), 10),
    "a header of a megabyte": (
        "Sends one very long header.",
        raw(OK + b"X-A: " + MEBIBYTE + b"\r\n\r\n"),
        10,
    ),
    "50,000 headers": ("Sends very many headers.", raw(OK + b"X-A: b\r\n" * 50_000 + b"\r\n"), 10),
    "silence": ("Never answers.", silence, 10),
    "reset": ("Breaks the connection off.", reset, 10),
    "cut off in a chunk": ("Ends within a chunk.", raw(CHUNKED + b"5\r\nab"), 10),
    "chunk of no length": ("Sends a chunk whose length is no number.", raw(CHUNKED + b"zz\r\nab\r\n"), 10),
    "no HTTP": ("Speaks another protocol.", raw(b"SSH-2.0-OpenSSH_9.2\r\n"), 10),
    "nothing": ("Ends the connection at once.", raw(b""), 10),
    "to another host": ("Leads to another host.", redirect("http://localhost:1/x"), 10),
    "to another port": ("Leads to another port.", redirect("http://127.0.0.1:1/x"), 10),
    "to https": ("Leads to another scheme.", redirect("https://127.0.0.1/"), 10),
    "to a file": ("Leads to a file of the customer.", redirect("file:///etc/passwd"), 10),
    "to a host without scheme": (
        "Leads to another host by a path of two slashes.",
        redirect("//evil.example/"),
        10,
    ),
    "to a host with backslashes": (
        "Leads to another host by backslashes.",
        redirect("\\\\evil.example\\"),
        10,
    ),
    "to our host as a user": (
        "Leads to another host with ours as user.",
        redirect("http://127.0.0.1@evil.example/"),
        10,
    ),
    "to an address with a password": (
        "Leads on with a user of its own.",
        redirect("http://u:p@127.0.0.1/"),
        10,
    ),
    "to a script": ("Leads to a script.", redirect("javascript:alert(1)"), 10),
    "to nonsense": ("Leads to no address.", redirect("http://[/"), 10),
    "to nowhere": ("Leads on and does not say where.", reply(b"", "302 Found"), 10),
    "to itself": ("Leads in a circle.", to_itself("302 Found"), 10),
    "to itself, for ever": ("Leads in a circle, for ever.", to_itself("308 Permanent Redirect"), 10),
}
"""Name to sentence, answer and code."""

PLACES = (
    ("newest entry", ENTRY, "V11"),
    ("timestamp", tree.TIMESTAMP.path(), "V02"),
    ("first root", "trust/1.root.json", "V01"),
)
FORGED_IF_LOGGED = {("length too small", "V11"): 12, ("no length", "V11"): 12}
"""What arrives is two bytes, which are no entry of the log; where metadata should be, they are none."""

ONLY_ONCE = ("100 MB", "one header a second", "endless 100", "one byte a second", "silence")
"""What takes its time is tried in one place."""

for _name, (_sentence, _answer, _code) in ANSWERS.items():
    for _place, _path, _check in PLACES[: 1 if _name in ONLY_ONCE else 3]:
        _found = FORGED_IF_LOGGED.get((_name, _check), _code)
        _why = WHY.get(_name, "")
        ROOM.add(
            f"{_place}: {_name}",
            _sentence,
            honest,
            _found,
            _check,
            answers={_path: _answer},
            why=_why,
            arguments=poll,
        )

for _what, _path, _check in (
    ("tile", "log/tile/0/000.p/3", "V11"),
    ("entry", tree.VERSION_ENTRY.path(2), "V13"),
    ("proof", tree.VERSION_PROOF.path(2), "V15"),
):
    for _status in ("403 Forbidden", "410 Gone", "500 Internal Server Error"):
        ROOM.add(
            f"{_what}: {_status[:3]}",
            "Withholds a file of the log by another status.",
            honest,
            10,
            _check,
            answers={_path: reply(b"", _status)},
        )

ROOM.add("everything: silence", "Answers nothing at all.", honest, 10, "V01", answers={"*": silence})
ROOM.add(
    "everything: a page",
    "Answers every question with one page, as a captive portal does.",
    honest,
    11,
    "V01",
    answers={"*": reply(b"<!DOCTYPE html><title>Sign in</title>")},
)
ROOM.add(
    "next root: 500",
    "Fails where a next root could be.",
    honest,
    10,
    "V02",
    answers={"trust/2.root.json": reply(b"", "500 Internal Server Error")},
)
ROOM.add(
    "redirect within the origin",
    "Leads within the origin.",
    honest,
    0,
    why="Allowed: a host may move files about within itself; what arrives is judged as always.",
    answers={
        ENTRY: redirect("/moved/../elsewhere"),
        "elsewhere": reply(three_versions().files[ENTRY]),
    },
)


def _verified_then_another() -> Answer:
    """Return the answer that is right at the first request, and a forged feed at every later one."""
    asked: list[str] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        feed = three_versions().files[tree.FEED_ATOM.path()]
        forged = feed.replace(b"/versions/3<", b"/versions/4<")
        reply(feed if not asked else forged)(connection, request)
        asked.append(path_of(request))

    return answer


ROOM.add(
    "feed: one to verify, another to read",
    "Serves the true feed once, and a forged one whenever it is asked for again.",
    honest,
    0,
    why="Harmless: the feed is fetched once, and the bytes that are verified are those that are read.",
    answers={tree.FEED_ATOM.path(): _verified_then_another()},
)

ROOM.add(
    "https: nothing",
    "Nothing: this is the honest tree over TLS.",
    honest,
    0,
    why="What the next two are compared with.",
    arguments=poll,
    answers={},
    tls=True,
    knows=True,
)
ROOM.add(
    "https: to http",
    "Leads from https to http, where everybody can listen.",
    honest,
    10,
    "V02",
    arguments=poll,
    answers={tree.TIMESTAMP.path(): redirect("http://127.0.0.1/trust/timestamp.json")},
    tls=True,
    knows=True,
)
ROOM.add(
    "https: certificate of nobody",
    "Serves the honest tree with a certificate that nobody has signed.",
    honest,
    10,
    "V01",
    arguments=poll,
    answers={},
    tls=True,
)
