"""Customers who poll while versions are being published, and the consistency of the answers they get.

A customer fetches the register (version v), its signatures and the checkpoint, then the register again
(version w). Each part must belong to one complete version from v to w, in the order of the requests. If
nothing was published in between (v = w), all belong to v.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import threading
from typing import TYPE_CHECKING

import msgspec

from patience import PATIENCE, join
from register_api.core.canonical import decode
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.key_list import document_key
from register_api.core.signature import verify_jws, verify_raw
from register_api.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _Numbered(msgspec.Struct):
    """The version number of a register."""

    version: int


class Tally(msgspec.Struct):
    """What a customer has received so far.

    Attributes:
        answers: Replies received and checked.
        unchanged: Those with status 304.
        rounds: Rounds of fetching register, signatures and checkpoint.
        across: Rounds during which a version was published.
        versions: Digest of the register of each version seen.
    """

    answers: int = 0
    unchanged: int = 0
    rounds: int = 0
    across: int = 0
    versions: dict[int, str] = {}


class Customer(threading.Thread):
    """Polls until it is stopped; ``finish`` raises if an answer was wrong.

    Attributes:
        tally: What it has received so far.
    """

    def __init__(self, port: int) -> None:
        """Prepare a customer of a service on 127.0.0.1."""
        super().__init__()
        self.tally = Tally()
        self._port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._enough = threading.Event()
        self._wrong: BaseException | None = None
        self._tag = ""
        self._passed: set[str] = set()
        self._head = b""
        self._keys: KeyList | None = None

    def run(self) -> None:
        """Poll repeatedly, on a new connection from time to time."""
        try:
            while not self._enough.is_set():
                self._ask_for_all_parts()
                if self.tally.rounds % 50 == 0:
                    self._connection.close()
        except BaseException as error:  # noqa: BLE001 (raised again by ``finish``)
            self._wrong = error
        finally:
            self._connection.close()

    def finish(self) -> Tally:
        """Stop, and return the tally.

        Raises:
            AssertionError: An answer mixed versions, or an older version followed a newer one.
        """
        self._enough.set()
        join(self)
        if self._wrong is not None:
            raise self._wrong
        return self.tally

    def has_failed(self) -> bool:
        """Return whether an answer was wrong."""
        return self._wrong is not None

    def _ask_for_all_parts(self) -> None:
        first = self._poll()
        register = self._head
        raw = self._get(tree.RAW_SIGNATURE.of(tree.REGISTER.path()))[1]
        jws = self._get(tree.JWS.of(tree.REGISTER.path()))[1]
        size = int(self._get(tree.CHECKPOINT.path())[1].split(b"\n")[1])
        last = self._poll()
        self.tally.rounds += 1
        self.tally.across += first != last
        between = {first: register} | {
            version: self._get(tree.VERSION_REGISTER.path(version))[1]
            for version in range(first + 1, last + 1)
        }
        of_raw = _signed_by(between, lambda data, version: verify_raw(data, raw, self._key(jws, version)))
        of_jws = _signed_by(
            between, lambda data, version: verify_jws(data, jws, lambda kid: self._key_of(kid, version))
        )
        assert first <= of_raw <= of_jws <= size <= last, (first, of_raw, of_jws, size, last)

    def _poll(self) -> int:
        """Request the register conditionally; return the newest version."""
        headers, body = self._get(tree.REGISTER.path(), {"If-None-Match": self._tag} if self._tag else {})
        if headers["status"] == "304":
            self.tally.unchanged += 1
            assert headers["etag"] == self._tag
        else:
            before = max(self.tally.versions, default=0)
            version = msgspec.json.decode(body, type=_Numbered).version
            assert version > before, f"version {version} came after {before}"
            assert headers["etag"] not in self._passed, "a tag came back after another"
            self._passed.add(self._tag)
            self._tag, self._head = headers["etag"], body
            self.tally.versions[version] = hashlib.sha256(body).hexdigest()
        return max(self.tally.versions)

    def _get(self, path: str, more: Mapping[str, str] | None = None) -> tuple[dict[str, str], bytes]:
        """Return headers and body of an answer, which must be complete."""
        self._connection.request("GET", "/" + path, headers=dict(more or {}))
        answer = self._connection.getresponse()
        body = answer.read()
        headers = {name.lower(): text for name, text in answer.getheaders()} | {"status": str(answer.status)}
        assert answer.status in {200, 304}, (path, answer.status, body)
        if answer.status == 200:
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            assert headers["repr-digest"] == f"sha-256=:{digest}:", path
        self.tally.answers += 1
        return headers, body

    def _key(self, jws: bytes, version: int) -> bytes:
        """Return the key named by a JWS."""
        header = msgspec.json.decode(base64.urlsafe_b64decode(jws.split(b".")[0] + b"=="))
        return self._key_of(header["kid"], version)

    def _key_of(self, kid: str, version: int) -> bytes:
        if self._keys is None:
            self._keys = decode(self._get(tree.KEYS.path())[1], KeyList)
        return document_key(self._keys, kid, version)


def _signed_by(registers: Mapping[int, bytes], check: Callable[[bytes, int], object]) -> int:
    """Return the only version whose register a signature matches."""
    found = []
    for version, data in registers.items():
        try:
            check(data, version)
        except VerificationError:
            continue
        found.append(version)
    assert len(found) == 1, f"a signature fits {found} of {list(registers)}"
    return found[0]
