"""Polls one vendor's register, or discovers it (docs/format/discovery.md); the outcome is one word."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import msgspec

from register_api.bounded_http.client import OK, OtherOrigin, Reply
from register_api.bounded_http.limits import HttpLimits, Reach, reach_with, retry_after_seconds
from register_api.core.canonical import decode, digest
from register_api.core.documents import Discovery
from register_api.core.format import tree
from register_api.core.format.paths import max_bytes
from register_api.core.text import base_url_problem, printable, quoted
from register_api.errors import Forked, RegisterError, RolledBack, Unreachable, VerificationError, WatchError
from register_api.verify import Options, Report, Verified, VerifyResult, verify
from register_api.verify.evidence.package import EvidenceResult, make_evidence
from register_api.verify.fetcher import HttpFetcher, NotServed
from register_api.watch.settings import WatchSettings
from register_api.watch.vendors import Vendor


class FoundRegister(NamedTuple):
    """A register named by a website: its title and the address of its tree."""

    title: str
    address: str


def find_register(website: str, fetcher: Callable[[str], HttpFetcher]) -> FoundRegister | None:
    """Return the register that a website names, if any; naming several is an error.

    The discovery document is requested below the address itself (which may be a tree) and at its origin.
    Redirects are followed only between a host and its ``www`` name.
    """
    base = website if website.endswith("/") else f"{website}/"
    answers = (_document(place, fetcher) for place in dict.fromkeys((base, urljoin(base, "/"))))
    place, data = next(filter(None, answers), ("", b""))
    found = decode(data, Discovery).registers if place else ()
    beside = urljoin(place, tree.DISCOVERY.path())
    addresses = {urljoin(beside, register.tree_url): register.title for register in found}
    wrong = next((url for url in sorted(addresses) if base_url_problem(url)), None)
    if wrong is not None:
        raise WatchError(f"the site names {quoted(wrong)}, which cannot be the address of a register")
    if len(addresses) > 1:
        raise WatchError(
            f"the site names {len(addresses)} registers: {', '.join(map(quoted, sorted(addresses)))}",
            hint="add each by its address",
        )
    return next((FoundRegister(title, address) for address, title in addresses.items()), None)


def _document(
    place: str, fetcher: Callable[[str], HttpFetcher], *, from_sister: bool = False
) -> tuple[str, bytes] | None:
    path = tree.DISCOVERY.path()
    with fetcher(place) as asked:
        try:
            data = asked.get(path, max_bytes(path))
        except NotServed:
            return None
        except OtherOrigin as error:
            sister = error.address.removesuffix(path)
            first, second = urlsplit(place), urlsplit(sister)
            hosts = {first.netloc.removeprefix("www."), second.netloc.removeprefix("www.")}
            is_as_safe = second.scheme in {first.scheme, "https"}
            if from_sister or len(hosts) > 1 or not is_as_safe or not second.path.endswith("/"):
                raise
        else:
            is_page = data.lstrip()[:1] == b"<"  # an HTML page instead of a 404
            return None if is_page else (place, data)
    return _document(sister, fetcher, from_sister=True)


FRESH = "fresh"
"""Outcome for a register that verifies; all others except ``NO_REGISTER`` and ``FOUND`` need attention."""

NO_REGISTER, FOUND, UNUSABLE = "no_register", "found", "unusable"

_WORDS = {
    10: "unreachable", 11: "malformed", 12: "forged", 13: "stale", 14: "rolled_back", 15: "forked",
    16: "untrusted", 17: "unwitnessed", 18: "inconsistent", 19: "clock",
}  # fmt: skip
"""Outcomes by exit code of `verify`."""

_WALLS, _BUSY = frozenset({401, 403, 406, 451}), frozenset({429, 503})
_NOT_MODIFIED = 304
_FIRST = tree.TIMESTAMP.path()


Seen = tuple[str, str]
"""``ETag`` and SHA-256 (hex) of the TUF timestamp as last served; either may be empty.

``Last-Modified`` is not used: with it, a host that serves an older register would answer 304.
"""


class Lease(NamedTuple):
    """An exclusive lease to poll a vendor, with the last verified timestamp and newest recorded version."""

    vendor: Vendor
    owner: str = ""
    etag: str = ""
    seen_sha256: str = ""
    fresh_until: int = 0
    version: int = 0
    sha256: str = ""

    def contradicted_by(self, verified: Verified) -> VerificationError | None:
        """Return an error if a register is older than or differs from the recorded version."""
        version = verified.register.version
        if version < self.version:
            return RolledBack(f"version {version} is the newest; version {self.version} was recorded here")
        if version == self.version and verified.sha256 != self.sha256:
            return Forked(f"version {version} is another one than was recorded here")
        return None


class PollResult(NamedTuple):
    """The result of a poll.

    Attributes:
        message: What is wrong, in one sentence; for a discovered register, its address.
        elsewhere: Target of a redirect that was not followed.
        wait: Seconds from the server's ``Retry-After``.
        seen: The timestamp, once everything below it is verified.
        verified: The register, if it changed and verified, with every version not yet recorded.
    """

    outcome: str
    message: str = ""
    hint: str = ""
    elsewhere: str = ""
    wait: int = 0
    seen: Seen = ("", "")
    verified: Verified | None = None
    report: Report | None = None

    @property
    def is_trouble(self) -> bool:
        """Whether a known register does not verify."""
        return self.outcome not in {FRESH, FOUND, NO_REGISTER}


class PollFetcher(HttpFetcher):
    """A fetcher whose first request is conditional.

    Attributes:
        refused: The last response by path whose status was neither 200 nor 304.
        elsewhere: Target of a redirect that was not followed.
        page: Whether an HTML page was served instead of the timestamp, as bot walls do.
    """

    def __init__(self, base: str, limits: HttpLimits, reach: Reach, *, command: str) -> None:
        super().__init__(base, limits, reach, command=command)
        self.seen, self.elsewhere, self.page = ("", ""), "", False
        self.refused: dict[str, Reply] = {}
        self._kept: Reply | None = None

    def is_as_seen(self, etag: str, sha256: str) -> bool:
        """Whether the timestamp is still the one seen before."""
        reply = self.ask(_FIRST, max_bytes(_FIRST), {"If-None-Match": etag} if etag else {})
        if reply.status == _NOT_MODIFIED and etag:
            return True
        if reply.status != OK:
            raise Unreachable(f"{_FIRST}: the server answered with status {reply.status}", path=_FIRST)
        self._kept = reply  # `verify` requests it next
        self.page = reply.body.lstrip()[:1] == b"<"
        return bool(sha256) and self.seen[1] == sha256

    def ask(self, path: str, max_bytes: int, headers: Mapping[str, str] | None = None) -> Reply:
        """Return the server's response; the timestamp already fetched is not requested again."""
        if path == _FIRST and self._kept is not None:
            reply, self._kept = self._kept, None
            return reply
        try:
            reply = super().ask(path, max_bytes, headers)
        except OtherOrigin as error:
            self.elsewhere = error.address.removesuffix(path)
            raise
        if reply.status not in {OK, _NOT_MODIFIED}:
            self.refused[path] = reply
        elif reply.status == OK and path == _FIRST:
            self.seen = reply.headers.get("etag", ""), digest(reply.body)
        return reply


class Polling(NamedTuple):
    """How registers are polled: folder of verifier state, fetcher, and ``wait`` as in ``Options``."""

    state: Path
    fetcher: Callable[[str], PollFetcher]
    wait: float = 2.0

    @classmethod
    def of(cls, settings: WatchSettings) -> Polling:
        """Return the polling options of the settings."""
        # No retries: a failed request is repeated at the next poll, which spares a busy server.
        limits = HttpLimits(redirects=3, attempts=1, exchange=30, run=settings.lease_seconds, requests=20_000)
        command = f"watch (+{settings.contact})" if settings.contact else "watch"
        reach = reach_with(settings.allow)
        return cls(Path(settings.state), lambda base: PollFetcher(base, limits, reach, command=command))


def poll_register(leased: Lease, now: dt.datetime, polling: Polling) -> PollResult:
    """Poll a vendor's register, or discover it if unknown; every error becomes an outcome."""
    vendor = leased.vendor
    try:
        if vendor.register:
            with polling.fetcher(vendor.register) as fetcher:
                root, state = vendor.root_sha256 or None, polling.state / vendor.id
                options = Options(root_sha256=root, state=state, quick=leased.version > 0, wait=polling.wait)
                return _poll(leased, now, fetcher, options)
        found = find_register(vendor.website, polling.fetcher) if vendor.website else None
    except RegisterError as error:  # the address or the state folder of a register
        return PollResult(UNUSABLE if vendor.register else NO_REGISTER, error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - one server must not stop other polls
        return PollResult(UNUSABLE, f"a fault of this program: {printable(repr(error))}")
    return PollResult(FOUND, found.address) if found else PollResult(NO_REGISTER)


def _poll(leased: Lease, now: dt.datetime, fetcher: PollFetcher, options: Options) -> PollResult:
    is_fresh = now.timestamp() < leased.fresh_until
    before = (leased.etag, leased.seen_sha256) if is_fresh else ("", "")
    try:
        if fetcher.is_as_seen(*before) and is_fresh:
            return PollResult(FRESH, seen=fetcher.seen if fetcher.seen[1] else before)
    except RegisterError as error:
        return _trouble(error, fetcher, now)
    if fetcher.page:
        return _trouble(Unreachable(f"{_FIRST}: the server answered with a page"), fetcher, now)

    def verified(**more: object) -> VerifyResult:
        return verify(leased.vendor.register, msgspec.structs.replace(options, **more), now, fetcher=fetcher)

    result = verified()
    if result.verified and result.verified.register.version > leased.version:
        result = verified(quick=False) if options.quick else result
        newest = result.verified.register.version if result.verified else 0
        read = {update.version for update in result.verified.updates} if result.verified else set()
        if not read >= set(range(leased.version + 1, newest + 1)):
            # An earlier run ended before recording what it read (docs/python-api.md, Follow a register).
            result = verified(quick=False, history="all")
    finding = leased.contradicted_by(result.verified) if result.verified else result.finding
    if finding is not None:
        return _trouble(finding, fetcher, now)._replace(report=result.report)
    return PollResult(FRESH, seen=fetcher.seen, verified=result.verified, report=result.report)


def _trouble(error: RegisterError, fetcher: PollFetcher, now: dt.datetime) -> PollResult:
    """Return the outcome for an error, distinguishing busy servers, bot walls and redirects."""
    word, wait = _WORDS.get(error.exit_code, UNUSABLE), 0
    if isinstance(error, Unreachable):
        reply = fetcher.refused.get(error.path)
        if reply is not None:
            wait = retry_after_seconds(reply.headers.get("retry-after", ""), now)
            word = "busy" if reply.status in _BUSY else "wall" if reply.status in _WALLS else word
        elif fetcher.page:
            word = "wall"
        elif fetcher.elsewhere:
            word = "redirected"
    return PollResult(word, error.message, error.hint, fetcher.elsewhere, wait)


def evidence_of(
    vendor: Vendor, version: int, root_sha256: str, polling: Polling, now: dt.datetime
) -> EvidenceResult:
    """Fetch a version with its evidence, trusting the contract's root or else the known one."""
    if not vendor.register or version < 1:
        raise WatchError(f"{vendor.name} has no register with a version {version}")
    options = Options(root_sha256=vendor.root_sha256 or root_sha256 or None)
    with polling.fetcher(vendor.register) as fetcher:
        return make_evidence(vendor.register, fetcher, version, options, now)
