"""Authorities that fail, lie or never end: each is one refusal in bounded time, and nothing is kept."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import rfc3161_client
from hypothesis import given, settings
from hypothesis import strategies as st

from patience import PATIENCE, in_background
from register_api.core.log.time_stamp import open_time_stamp
from register_api.errors import Malformed, NotStamped, UsageError
from register_api.publish.time_authority import LIMITS, TimeAuthority, ask, check_url, sort_certificates
from thoroughness import examples
from time_authority import REQUEST_TYPE, authority, honest, query, refusal, serving

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.x509 import Certificate

DATA = b"a checkpoint"
ANSWER = (Path(__file__).parents[2] / "vectors/time-stamp.tsr").read_bytes()


def asking(url: str, *, anchors: tuple[Certificate, ...] | None = None, **limits: float) -> TimeAuthority:
    """Return whom to ask, without much patience."""
    bounds = msgspec.structs.replace(LIMITS, **{"first_wait": 0.01, **limits})
    return TimeAuthority(url=url, anchors=anchors, limits=bounds)


def refused(answer: Iterable[bytes] | None, status: int = 200, **limits: float) -> str:
    """Return why nothing is kept of an answer."""
    with serving(lambda _: answer, status=status) as asked, pytest.raises(NotStamped) as error:
        ask(asking(asked.url, anchors=authority().anchors, **limits), DATA)
    assert "127.0.0.1" in error.value.message
    assert "\n" not in error.value.message
    return error.value.message


def test_an_honest_authority_is_asked_as_the_standard_has_it() -> None:
    """With nonce and a wish for certificates; what it says verifies with openssl."""
    with honest() as asked:
        data, stamp = ask(asking(asked.url, anchors=authority().anchors), DATA)
    assert stamp.authority == "CN=Test Time Stamps"
    assert authority().verifies(data, DATA)
    assert asked.kinds == [REQUEST_TYPE]
    (sent,) = asked.queries
    request = rfc3161_client._rust.parse_timestamp_request(sent)
    assert (request.nonce, request.cert_req) == (stamp.nonce, True)
    assert request.message_imprint.hash_algorithm.dotted_string == "2.16.840.1.101.3.4.2.1"


def test_certificates_out_of_order_are_put_in_order() -> None:
    """As openssl writes them: strict readers refuse that, and no signature covers it."""
    one = authority("Chained", chain=True)
    with pytest.raises(Malformed, match="strict DER"):
        open_time_stamp(one.stamp(DATA), DATA)
    with honest(one) as asked:
        data, stamp = ask(asking(asked.url, anchors=one.anchors), DATA)
    assert open_time_stamp(data, DATA, one.anchors) == stamp
    assert one.verifies(data, DATA)
    assert sort_certificates(data) == data


@settings(max_examples=examples(300), deadline=None)
@given(new=st.binary(max_size=30), at=st.integers(0, len(ANSWER)), end=st.integers(0, 30))
def test_what_is_no_answer_is_left_as_it_is(new: bytes, at: int, end: int) -> None:
    """Any bytes: of one length with what came, and untouched but for an order that DER has not."""
    for data in (new, ANSWER[:at] + new + ANSWER[at + end :]):
        found = sort_certificates(data)
        assert sorted(found) == sorted(data)
        assert sort_certificates(found) == found
    assert sort_certificates(ANSWER) == ANSWER


def test_every_request_has_a_nonce_of_its_own() -> None:
    """So that an old answer is not taken for a new one."""
    with honest() as asked:
        stamps = [ask(asking(asked.url), DATA)[1] for _ in range(2)]
    assert stamps[0].nonce != stamps[1].nonce


def test_an_old_answer_is_refused() -> None:
    """A good stamp of the right bytes, with the nonce of another request, or with none."""
    for old in (query(DATA), query(DATA, "sha256", "-no_nonce")):
        assert "the nonce is not ours" in refused([authority().answer(old)])


def test_a_stamp_of_other_bytes_is_refused() -> None:
    """It would never verify."""
    assert "of other bytes" in refused([authority().stamp(b"other")])


@pytest.mark.parametrize("anchored", [True, False])
def test_an_authority_with_another_certificate_is_refused_where_one_was_given(anchored: bool) -> None:
    """Without a certificate its chain is not checked."""
    anchors = authority().anchors if anchored else None
    with honest(authority("Other")) as asked:
        asking_it = asking(asked.url, anchors=anchors)
        if anchored:
            with pytest.raises(NotStamped, match="not signed by an accepted authority"):
                ask(asking_it, DATA)
        else:
            assert ask(asking_it, DATA)[1].authority == "CN=Other Time Stamps"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([b"<!doctype html><title>Sign in</title>"], "strict DER"),
        ([b""], "strict DER"),
        ([refusal(2)], "no time stamp was granted"),
        ([b"\x30\x82\xff\xff"], "strict DER"),
    ],
)
def test_what_is_no_stamp_is_refused(answer: list[bytes], words: str) -> None:
    """HTML, nothing, a rejection, a length that lies."""
    assert words in refused(answer)


def test_an_endless_answer_is_cut_off() -> None:
    """100 MB are not read, nor is what never ends."""
    began = time.monotonic()
    assert "more than 65536 bytes" in refused(bytes(2**16) for _ in range(1600))
    assert "more than 65536 bytes" in refused(itertools.repeat(bytes(2**10)))
    assert time.monotonic() - began < PATIENCE / 3  # the authority itself would go on for ever


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404])
def test_other_answers_than_200_are_refused_and_no_redirect_is_followed(status: int) -> None:
    """At the first attempt: asking again would not help."""
    with (
        serving(lambda query: [authority().answer(query)], status=status) as asked,
        pytest.raises(NotStamped, match=f"status {status}"),
    ):
        ask(asking(asked.url), DATA)
    assert len(asked.queries) == 1


def test_a_failing_server_is_asked_three_times_and_nothing_is_printed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Attempts are told by the error alone."""
    with serving(lambda _: [b""], status=503) as asked, pytest.raises(NotStamped, match="status 503"):
        ask(asking(asked.url), DATA)
    assert len(asked.queries) == 3
    assert capfd.readouterr() == ("", "")


def test_a_server_that_fails_once_is_asked_again() -> None:
    """A connection that breaks off may be good at the next attempt."""
    answers = iter([None, "good"])

    def answer(sent: bytes) -> list[bytes] | None:
        return [authority().answer(sent)] if next(answers) else None

    with serving(answer) as asked:
        assert ask(asking(asked.url, read=0.8), DATA)[1].authority == "CN=Test Time Stamps"
    assert len(asked.queries) == 2


def test_a_hanging_authority_is_left_after_the_deadline() -> None:
    """One deadline over all attempts."""
    assert "no complete response within 0.4 s" in refused(None, exchange=0.4)


def test_a_server_that_drips_is_left_after_the_deadline() -> None:
    """A byte of the head now and then keeps every single read alive."""
    stop = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"x: y\r\n")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener, in_background(drip, listener, stop=stop.set):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(NotStamped, match="no complete response within"):
            ask(asking(url, exchange=0.5), DATA)


def test_nobody_there_is_a_refusal() -> None:
    """A port at which nobody listens, and an answer that is no HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with pytest.raises(NotStamped, match="cannot be reached: connection refused"):
        ask(asking(url), DATA)


@pytest.mark.parametrize("url", ["", "tsa.example.com", "ftp://tsa.example.com", "http://", "https://x/#a"])
def test_what_is_no_address_is_wrong_use(url: str) -> None:
    """Before anything is done."""
    with pytest.raises(UsageError):
        check_url(url)


def test_a_password_in_an_address_is_not_told() -> None:
    """Neither is a token in its query."""
    with serving(lambda _: [b""], status=404) as asked:
        url = asked.url.replace("http://", "http://user:secret@") + "?token=secret"
        with pytest.raises(NotStamped) as error:
            ask(asking(check_url(url)), DATA)
    assert "secret" not in error.value.message
    assert len(asked.queries) == 1
