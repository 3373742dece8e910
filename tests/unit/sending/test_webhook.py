"""Messages to endpoints: signed so that others' libraries know them, and harmed by no endpoint."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import time
from typing import TYPE_CHECKING

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from hostile_server import Answer as Serve
from hostile_server import Server, drip, raw, reply, silence
from patience import PATIENCE
from register_api.bounded_http.limits import Reach, reach_with
from register_api.core.text import masked_url
from register_api.sending.outbox import SendResult
from register_api.sending.webhook import (
    RETRY_AFTER,
    SPREAD,
    Hook,
    HookAnswer,
    WebhookTransport,
    new_secret,
    public_key_text,
    signed_headers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
HERE = reach_with(["127.0.0.1/32"])
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def hook(url: str = "https://hooks.example/a", body: bytes = BODY, secret: str = SECRET) -> Hook:
    """Return a message with the id of the specification's example."""
    return Hook("msg_p5jXN8AQM9LWM0D4loKWxJek", url, "application/json", body, secret)


@pytest.fixture
def serve() -> Iterator[Callable[[Serve], Server]]:
    """Start endpoints; they are stopped at the end of the test."""
    servers: list[Server] = []

    def start(answer: Serve) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def send(to: Hook, reach: Reach = HERE, seconds: float = PATIENCE / 6, times: int = 1) -> list[HookAnswer]:
    """Send a message, some times over one transport."""
    noted: list[HookAnswer] = []

    async def sent() -> None:
        transport = WebhookTransport(
            reach, KEY, lambda: NOW, lambda _, answer: noted.append(answer), seconds, command="notify"
        )
        for _ in range(times):
            assert await transport.send(to, lambda: True) == noted[-1].result
        await transport.close()

    asyncio.run(sent())
    return noted


def headers_of(request: bytes) -> dict[str, str]:
    """Return the headers of a request as it was received."""
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def test_the_signature_is_that_of_the_specification() -> None:
    """Standard Webhooks prints this example."""
    found = signed_headers(hook(), None, 1614265330)
    assert found == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_library_of_standard_webhooks_takes_what_is_sent_and_nothing_else() -> None:
    """It passes over the signature that it does not know."""
    secret, body = new_secret(), json.dumps({"type": "x"}).encode()
    found = signed_headers(hook(body=body, secret=secret), KEY, int(dt.datetime.now(dt.UTC).timestamp()))
    assert Webhook(secret).verify(body, found) == {"type": "x"}
    for wrong in (
        {"webhook-id": "other"},
        {"webhook-timestamp": str(int(found["webhook-timestamp"]) + 1)},
        {"webhook-signature": found["webhook-signature"].replace("v1,", "v1,A", 1)},
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, found | wrong)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", found)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, found)


def test_a_receiver_with_the_public_key_needs_no_secret() -> None:
    """``v1a`` signs the same bytes."""
    found = signed_headers(hook(), KEY, 1614265330)
    signature = found["webhook-signature"].partition(" v1a,")[2]
    public = Ed25519PublicKey.from_public_bytes(
        base64.b64decode(public_key_text(KEY).removeprefix("whpk_"), validate=True)
    )
    signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + BODY
    public.verify(base64.b64decode(signature, validate=True), signed)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(signature, validate=True), signed + b" ")


def test_a_message_arrives_as_it_is_and_anew_with_each_attempt_only_the_time(
    serve: Callable[[Serve], Server],
) -> None:
    """Id and bytes are the same; a chat that checks no signature is told none."""
    server = serve(reply(b"", "204 No Content"))
    assert send(hook(server.base), times=2) == [HookAnswer(SendResult("sent", "status 204"))] * 2
    whole = b"".join(server.requests)
    assert whole.count(BODY) == 2
    found = headers_of(server.requests[0])
    assert found["webhook-id"] == hook().message_id
    assert found["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert found["content-type"] == "application/json"
    chat = serve(reply())
    send(hook(chat.base, secret=""))
    assert not any(name.startswith("webhook-") for name in headers_of(chat.requests[0]))


ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
DATE = "Retry-After: Tue, 01 Dec 2026 12:01:00 GMT"
ENDPOINTS: tuple[tuple[str, Serve, int, str, int], ...] = (
    ("takes it", reply(b"x" * 100_000), 200, "sent", 0),
    ("answers for ever", drip(ENDLESS, b"1\r\nx\r\n"), 200, "sent", 0),
    ("declares much", raw(b"HTTP/1.1 202 OK\r\nContent-Length: 99999999999\r\n\r\n"), 202, "sent", 0),
    ("sends gzip", reply(b"\x1f\x8b", "200 OK", "Content-Encoding: gzip"), 200, "sent", 0),
    ("is gone", reply(b"", "410 Gone"), 410, "refused", 0),
    ("is busy", reply(b"", "429 Slow", "Retry-After: 120"), 429, "deferred", 120),
    ("is busy until", reply(b"", "503 No", DATE), 503, "deferred", 60),
    ("is busy for ever", reply(b"", "429 Slow", f"Retry-After: {'9' * 400}"), 429, "deferred", 86_400),
    ("redirects", reply(b"", "307 Moved", "Location: http://127.0.0.1:1/"), 307, "deferred", 0),
    ("redirects within", reply(b"", "308 Moved", "Location: /there"), 308, "deferred", 0),
    ("fails", reply(b"", "500 Sorry"), 500, "deferred", 0),
    ("does not know us", reply(b"", "401 Who"), 401, "deferred", 0),
)


@pytest.mark.parametrize(
    ("answer", "status", "what", "wait"), [row[1:] for row in ENDPOINTS], ids=[row[0] for row in ENDPOINTS]
)
def test_only_the_status_of_an_answer_counts(
    serve: Callable[[Serve], Server], answer: Serve, status: int, what: str, wait: int
) -> None:
    """One request an attempt, and nothing else of the answer is read."""
    server = serve(answer)
    begun = time.monotonic()
    (found,) = send(hook(server.base))
    assert found == (SendResult(what, f"status {status}", wait), status == 410, b"")  # type: ignore[arg-type]
    assert time.monotonic() - begun < PATIENCE / 6
    assert sum(request.startswith(b"POST") for request in server.requests) == 1


SLOW = (
    ("silent", silence),
    ("drips headers", drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")),
    ("goes on with 100", drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
    ("closes", raw(b"")),
    ("speaks no HTTP", raw(b"220 mx.example ESMTP\r\n")),
)


@pytest.mark.parametrize("answer", [row[1] for row in SLOW], ids=[row[0] for row in SLOW])
def test_an_endpoint_that_does_not_answer_is_tried_again(
    serve: Callable[[Serve], Server], answer: Serve
) -> None:
    """After the time that it has; the words name no address."""
    (found,) = send(hook(serve(answer).base + "services/T0/secret"), seconds=0.5)
    assert (found.result.what, found.is_gone) == ("deferred", False)
    assert "127.0.0.1" not in found.result.reply
    assert "secret" not in found.result.reply


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://[::1]:9/", "http://0x7f.1:9/", "http://:9/"])
def test_an_address_that_is_not_public_is_not_asked(url: str) -> None:
    """As ``test_reach`` has it, with a resolver that lies, too."""
    (found,) = send(hook(url), Reach())
    assert found.result.what == "deferred"
    assert "refused" not in found.result.reply


def test_a_name_that_changes_its_address_gains_nothing(serve: Callable[[Serve], Server]) -> None:
    """DNS rebinding: it is judged with each connection."""
    server = serve(raw(b"HTTP/1.1 500 Sorry\r\nConnection: close\r\n\r\n"))
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    async def resolve(_host: str, _port: int) -> list[str]:
        return answers.pop(0)

    reach = Reach(allow=HERE.allow, resolve=resolve)
    found = send(hook(server.base.replace("127.0.0.1", "hooks.example")), reach, times=2)
    assert [answer.result.reply for answer in found] == [
        "status 500",
        "not contacted: its host name leads to an address that is not public",
    ]


def test_nothing_is_sent_where_the_lease_has_ended(serve: Callable[[Serve], Server]) -> None:
    """Another worker has the row."""
    server = serve(reply())

    async def sent() -> SendResult | None:
        transport = WebhookTransport(HERE, KEY, lambda: NOW, command="notify")
        try:
            return await transport.send(hook(server.base), lambda: False)
        finally:
            await transport.close()

    assert asyncio.run(sent()) is None
    assert not server.requests


def test_an_address_is_shown_without_what_may_be_a_password(caplog: pytest.LogCaptureFixture) -> None:
    """Nor does a library log it."""
    url = "https://hooks.slack.com/services/T0/B0/secret?token=secret"
    assert masked_url(url) == "https://hooks.slack.com/…"
    assert masked_url("https://user:secret@hooks.example:8443?a") == "https://hooks.example:8443/…"
    caplog.set_level("INFO")
    send(hook("http://127.0.0.1:9/services/secret"))
    assert "secret" not in caplog.text


def test_attempts_go_on_for_three_days() -> None:
    """At first soon, then seldom, and longer by a part that differs from row to row."""
    assert RETRY_AFTER[0] == 5
    assert list(RETRY_AFTER) == sorted(RETRY_AFTER)
    assert 2.9 * 86_400 < sum(RETRY_AFTER) < sum(RETRY_AFTER) * (1 + SPREAD) < 3.6 * 86_400
