"""add-checkpoint over a real socket: what is signed, what is refused and how (C2SP tlog-witness)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest

from memory_log import MemoryLog, cosign, private_key
from patience import PATIENCE
from register_api.core.log.checkpoint import verify_cosignatures
from register_api.core.log.note import parse_note
from register_api.core.log.proofs import (
    MAX_REQUEST_BYTES,
    AddCheckpoint,
    format_request,
    parse_request,
)
from register_api.witness import server
from register_api.witness.witness import EVIDENCE_FOLDER, STATE_FILE, Record, Witness
from running import connect
from witnesses import AT, Partner, checkpoint_at, proof_between, serving, submission

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HASH = bytes(32)


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    """A log of twelve entries."""
    return MemoryLog().grow(12)


@pytest.fixture
def partner(tmp_path: Path) -> Partner:
    """A partner whose witness has signed nothing yet."""
    return Partner(tmp_path / "witness")


@pytest.fixture
def post(partner: Partner, log: MemoryLog) -> Iterator[httpx.Client]:
    """A client of the served witness, which has signed size 5."""
    with serving(partner.open(log.note_key)) as url, httpx.Client(base_url=url, timeout=PATIENCE) as client:
        assert send(client, submission(log, 0, 5)).status_code == 200
        yield client


def send(client: httpx.Client, body: bytes) -> httpx.Response:
    """Send a request as a log does."""
    return client.post("add-checkpoint", content=body)


def changed(body: bytes, **fields: object) -> bytes:
    """Return a request with other fields."""
    return format_request(msgspec.structs.replace(parse_request(body), **fields))  # type: ignore[arg-type]


def test_a_log_that_grows_is_cosigned(post: httpx.Client, log: MemoryLog, partner: Partner) -> None:
    """The answer is one line of the witness's key; appended to the checkpoint it verifies."""
    answer = send(post, submission(log, 5, 8))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    (found,) = verify_cosignatures(checkpoint_at(log, 8) + answer.content, [partner.key])
    assert (found.witness, found.at) == (partner.key.name, AT)
    assert answer.text.startswith(f"— {partner.key.name} ")
    assert answer.text.count("\n") == 1


def test_the_same_checkpoint_is_signed_again(post: httpx.Client, log: MemoryLog, partner: Partner) -> None:
    """Its old size is its own; whoever lost the answer can ask again."""
    before = (partner.folder / STATE_FILE).read_bytes()
    assert send(post, submission(log, 5, 5)).status_code == 200
    assert (partner.folder / STATE_FILE).read_bytes() == before


def test_other_signature_lines_are_ignored_and_extensions_signed(
    post: httpx.Client, log: MemoryLog, partner: Partner
) -> None:
    """Signatures of unknown keys count for nothing; extension lines are part of the text."""
    data = cosign(checkpoint_at(log, 8, extensions=["more"]), "stranger.example", private_key(70), 7)
    answer = send(post, changed(submission(log, 5, 8), checkpoint=data))
    assert answer.status_code == 200
    assert verify_cosignatures(data + answer.content, [partner.key])
    kept = Record(partner.folder).load().logs[log.origin].checkpoint
    assert [line.name for line in parse_note(kept).signatures] == [log.origin]


def test_a_log_may_have_two_keys(partner: Partner, log: MemoryLog) -> None:
    """While a log changes its key, a witness knows both under one origin and one record."""
    successor = MemoryLog(key=private_key(2)).grow(12)
    with (
        serving(partner.open(log.note_key, successor.note_key)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE) as client,
    ):
        assert send(client, submission(log, 0, 5)).status_code == 200
        assert send(client, submission(successor, 5, 8)).status_code == 200
        assert send(client, submission(log, 5, 9)).status_code == 409


def test_a_conflict_returns_the_last_size(post: httpx.Client, log: MemoryLog) -> None:
    """409, its size on a line, and the media type of the protocol."""
    for old in (0, 4, 6, 8):
        answer = send(post, submission(log, old, 8))
        assert (answer.status_code, answer.content) == (409, b"5\n")
        assert answer.headers["content-type"] == "text/x.tlog.size"


def test_a_smaller_checkpoint_is_never_signed(post: httpx.Client, log: MemoryLog) -> None:
    """Whatever old size is claimed."""
    assert send(post, submission(log, 3, 4)).status_code == 409
    assert send(post, submission(log, 4, 4)).status_code == 409
    assert send(post, changed(submission(log, 4, 4), old_size=5)).status_code == 400


def fork(log: MemoryLog, size: int) -> bytes:
    """Return a checkpoint of another history, signed by the log's own key."""
    other = MemoryLog(key=log.key)
    other.append(b"another first entry", *log.entries[1:size])
    return other.checkpoint()


def test_another_root_for_the_same_size_is_refused_and_kept(
    post: httpx.Client, log: MemoryLog, partner: Partner, caplog: pytest.LogCaptureFixture
) -> None:
    """409; both checkpoints are proof against the log, and lie in the evidence folder."""
    forked = fork(log, 5)
    answer = send(post, changed(submission(log, 5, 5), checkpoint=forked))
    assert (answer.status_code, answer.content) == (409, b"5\n")
    kept = {path.read_bytes() for path in (partner.folder / EVIDENCE_FOLDER).iterdir()}
    assert kept == {forked, checkpoint_at(log, 5)}
    assert "two roots for the size 5" in caplog.text


PROOFS = {
    "empty": (),
    "too short": "short",
    "too long": "long",
    "another hash": "other",
    "the largest there is": (HASH,) * 63,
}


@pytest.mark.parametrize("proof", PROOFS.values(), ids=PROOFS)
def test_a_proof_that_does_not_hold_is_422(post: httpx.Client, log: MemoryLog, proof: object) -> None:
    """Of the wrong length or with wrong hashes; the state stays as it was."""
    right = proof_between(log, 5, 8)
    wrong = {"short": right[:-1], "long": (*right, HASH), "other": (HASH, *right[1:])}
    given = wrong[proof] if isinstance(proof, str) else proof
    assert send(post, changed(submission(log, 5, 8), proof=given)).status_code == 422
    assert send(post, submission(log, 5, 8)).status_code == 200


def test_a_fork_of_a_larger_size_is_422(post: httpx.Client, log: MemoryLog) -> None:
    """It does not continue what was signed, with whatever proof."""
    assert send(post, changed(submission(log, 5, 8), checkpoint=fork(log, 8))).status_code == 422


def test_a_proof_where_none_belongs_is_422(post: httpx.Client, partner: Partner, log: MemoryLog) -> None:
    """Between equal sizes, and from nothing."""
    assert send(post, changed(submission(log, 5, 5), proof=(HASH,))).status_code == 422
    other = MemoryLog(origin="other.example", key=private_key(3)).grow(3)
    witness = partner.open(other.note_key)
    assert witness.add_checkpoint(changed(submission(other, 0, 3), proof=(HASH,)), AT).status == 422


def test_an_empty_log_has_one_root(partner: Partner, log: MemoryLog) -> None:
    """Size 0 is signed with the root of nothing alone, and everything continues it."""
    witness, empty = partner.open(log.note_key), MemoryLog()
    assert witness.add_checkpoint(submission(log, 0, 0), AT).status == 200
    text = parse_note(checkpoint_at(empty, 0)).text
    other = checkpoint_at(empty, 0).replace(text.encode(), text.replace("47DEQ", "47DEA").encode())
    assert witness.add_checkpoint(changed(submission(log, 0, 0), checkpoint=other), AT).status == 403
    assert witness.add_checkpoint(submission(log, 0, 3), AT).status == 200


def test_an_unknown_log_is_404(post: httpx.Client, log: MemoryLog) -> None:
    """Before its signature is looked at."""
    assert send(post, submission(MemoryLog(origin="other.example").grow(3), 0, 3)).status_code == 404


def test_a_checkpoint_that_the_log_has_not_signed_is_403(post: httpx.Client, log: MemoryLog) -> None:
    """By another key, by nobody known, or with a line of the log's key that does not fit."""
    stranger = MemoryLog(key=private_key(2)).grow(8)
    assert send(post, submission(stranger, 5, 8)).status_code == 403
    text = parse_note(checkpoint_at(log, 8)).text.encode()
    swapped = text + b"\n" + checkpoint_at(log, 7).partition(b"\n\n")[2]
    assert send(post, changed(submission(log, 5, 8), checkpoint=swapped)).status_code == 403


BAD = {
    "nothing": b"",
    "no checkpoint": b"old 5\n\n",
    "no note": b"old 5\n\nx\n",
    "a note that is no checkpoint": b"old 5\n\nx\n\n\xe2\x80\x94 a AAAAAAA=\n",
    "a size with a leading zero": b"old 05\n\nx",
    "a hash of another length": b"old 5\nAAAA\n\nx",
    "64 hashes": format_request(AddCheckpoint(old_size=5, proof=(HASH,) * 64, checkpoint=b"x")),
    "no UTF-8": b"old 5\n\n\xff\n1\nAAAA\n\n\xe2\x80\x94 a AAAAAAA=\n",
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_what_is_no_request_is_400(post: httpx.Client, body: bytes) -> None:
    """The sentence says what was expected, in ASCII, and nothing of the machine."""
    answer = send(post, body)
    assert answer.status_code == 400
    assert answer.text.isascii()
    assert answer.text.count("\n") == 1


def test_an_old_size_beyond_the_checkpoint_is_400(post: httpx.Client, log: MemoryLog) -> None:
    """Before it is compared with the last one."""
    assert send(post, changed(submission(log, 5, 5), old_size=6)).status_code == 400


def test_too_much_is_413_however_it_is_sent(post: httpx.Client) -> None:
    """With a length that says so, or in pieces without one."""
    assert send(post, bytes(MAX_REQUEST_BYTES + 1)).status_code == 413
    pieces = (bytes(2**16) for _ in range(6))
    assert post.post("add-checkpoint", content=pieces).status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "add-checkpoint", 405),
        ("PUT", "add-checkpoint", 405),
        ("GET", "", 404),
        ("POST", "add-checkpoint/x", 404),
        ("POST", "..%2fstate.json", 404),
        ("GET", "state.json", 404),
        ("GET", "schema", 404),
    ],
)
def test_there_is_nothing_else(post: httpx.Client, method: str, path: str, status: int) -> None:
    """Answers name no software, version or file."""
    answer = post.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "server" not in answer.headers
    for word in ("Traceback", "litestar", "uvicorn", "python", ".py"):
        assert word not in answer.text.lower()


def test_bytes_that_are_no_http_are_refused(partner: Partner, log: MemoryLog) -> None:
    """And the next connection is served."""
    with serving(partner.open(log.note_key)) as url, httpx.Client(base_url=url, timeout=PATIENCE) as client:
        with connect(url) as raw:
            raw.sendall(b"\x16\x03\x01 what\r\n\r\n")
            assert raw.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert send(client, submission(log, 0, 5)).status_code == 200


def test_a_state_that_was_damaged_meanwhile_signs_nothing(
    post: httpx.Client, log: MemoryLog, partner: Partner, caplog: pytest.LogCaptureFixture
) -> None:
    """503 for the log, and the reason for the operator alone."""
    path = partner.folder / STATE_FILE
    path.write_bytes(path.read_bytes().replace(b'"size":5', b'"size":4'))
    answer = send(post, submission(log, 5, 8))
    assert answer.status_code == 503
    assert str(partner.folder) not in answer.text
    assert "is damaged" in caplog.text


def test_an_internal_fault_is_500_without_details(
    partner: Partner, log: MemoryLog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The stack goes to the log."""

    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(Witness, "add_checkpoint", fail)
    with serving(partner.open(log.note_key)) as url, httpx.Client(base_url=url, timeout=PATIENCE) as client:
        answer = send(client, b"x")
    assert (answer.status_code, answer.text) == (500, "The fault has been logged.\n")
    assert "a secret" in caplog.text


def test_a_request_that_does_not_end_is_408_and_the_connection_is_closed(
    partner: Partner, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that sends slowly holds nothing for long."""
    monkeypatch.setattr(server, "BODY_SECONDS", 0.2)
    with serving(partner.open(log.note_key)) as url, connect(url) as raw:
        raw.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 100\r\n\r\nold 0\n")
        answer = b"".join(iter(lambda: raw.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_one_connection_serves_many_requests(partner: Partner, log: MemoryLog) -> None:
    """Keep-alive, as logs with many checkpoints want it; each answer is signed before the next is asked."""
    with serving(partner.open(log.note_key)) as url, httpx.Client(base_url=url, timeout=PATIENCE) as client:
        for size in range(12):
            answer = send(client, submission(log, size, size + 1))
            assert answer.status_code == 200
            assert answer.headers.get("connection", "keep-alive") == "keep-alive"


def test_a_clock_that_went_back_does_not_sign_the_past(partner: Partner, log: MemoryLog) -> None:
    """A little is bridged with the last time; more is refused until the clock is set."""
    times = iter([AT, AT - 30, AT - 61, AT + 1])
    with (
        serving(partner.open(log.note_key), lambda: next(times)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE) as client,
    ):
        assert send(client, submission(log, 0, 5)).status_code == 200
        second = send(client, submission(log, 5, 6))
        (found,) = verify_cosignatures(checkpoint_at(log, 6) + second.content, [partner.key])
        assert found.at == AT
        assert send(client, submission(log, 6, 7)).status_code == 503
        assert send(client, submission(log, 6, 7)).status_code == 200
