"""Looks from outside: the register's address, the certificate there, and what it is deployed to."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.language.language import count
from register_api.deploy.public_head import LIMITS, ask_public
from register_api.deploy.target import open_target, probe
from register_api.doctor.machine import Diagnosis, Machine, good, soon, unknown, wrong
from register_api.errors import Forked, RolledBack
from register_api.store.reader import Snapshot
from register_api.verify.engine import verify
from register_api.verify.fetcher import KeepingFetcher
from register_api.verify.http_fetcher import HttpFetcher
from register_api.verify.options import Options

_RENEWED_BEFORE = dt.timedelta(days=14)
"""Certificates that renew themselves do so three weeks or more before they expire."""

_SECONDS = 5.0

_NO_ADDRESS = "the register names no address (url in register.toml), and there is no --base-url"


def public(machine: Machine) -> Iterator[Diagnosis]:
    """Verify what is public as a customer does, and compare it with the store."""
    url = machine.url
    if machine.offline or url is None:
        yield unknown("not asked (--offline)" if machine.offline else _NO_ADDRESS)
        return
    if not url.startswith("https://"):
        cure = "let customers read it over HTTPS: docs/hosting.md"
        yield soon(f"{url} is not HTTPS", cure)
    try:
        ask_public(machine.snapshot, url)
    except (RolledBack, Forked) as error:
        yield wrong(error.message, error.hint)
        return
    yield _seen_by_customers(machine, machine.snapshot, url)


def _seen_by_customers(machine: Machine, snapshot: Snapshot, url: str) -> Diagnosis:
    options = Options(root_sha256=digest(snapshot.read(tree.ROOT.path(1))), history="none", wait=0)
    with HttpFetcher(url, LIMITS) as fetcher:
        kept = KeepingFetcher(fetcher)
        result = verify(url, options, machine.now, fetcher=kept)
    if result.finding is not None:
        says = f"{url} does not verify as this register: {result.finding.message}"
        cure = f"register-api verify {url}  says all; then: register-api deploy TARGET, or start the service"
        return wrong(says, cure)
    if kept.files.get(tree.TIMESTAMP.path()) != snapshot.read(tree.TIMESTAMP.path()):
        says = f"{url} serves version {result.report.version}, older than what the store holds now"
        cure = "register-api deploy TARGET, or wait until caches have the newest timestamp.json"
        return soon(says, cure)
    says = f"{url} serves version {result.report.version} of this register, as the store has it"
    return good(says)


def certificate(machine: Machine) -> Iterator[Diagnosis]:
    """Look until when the certificate of the address is good."""
    parts = urlsplit(machine.url or "")
    if machine.offline or parts.scheme != "https" or parts.hostname is None:
        yield unknown("not asked (--offline)" if machine.offline else "no HTTPS address is known")
        return
    where, cure = f"{parts.hostname}:{parts.port or 443}", "renew the site's certificate, e.g. certbot renew"
    try:
        expires = _not_after(parts.hostname, parts.port or 443)
    except ssl.SSLCertVerificationError as error:
        says = f"the certificate of {where} is not valid: {error.verify_message}"
        yield wrong(says, cure)
    except OSError as error:
        yield unknown(f"{where} does not answer: {error}")
    else:
        left = expires - machine.now
        says = f"the certificate of {where} is good until {format_instant(expires)}"
        says += f" ({count(left.days, 'day')})"
        yield good(says) if left >= _RENEWED_BEFORE else soon(says, cure)


def _not_after(host: str, port: int) -> dt.datetime:
    """Return until when a host's certificate is good, after it was verified as browsers do."""
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        found = secured.getpeercert() or {}
    return dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), dt.UTC)


def target(machine: Machine) -> Iterator[Diagnosis]:
    """Try the place that the tree is deployed to, by a file that is removed again."""
    if machine.target is None:
        yield unknown("not tried: --target names a folder or bucket that `deploy` brings the tree to")
        return
    place = open_target(machine.target, machine.endpoint, machine.store)
    if machine.offline and "://" in machine.target:
        yield unknown("not asked (--offline)")
        return
    try:
        probe(place)
    except OSError as error:
        yield wrong(f"{place.name}: {error.strerror or error}", "let this user write there")
    else:
        yield good(f"{place.name} can be written to, and keeps the first of two files of one name")
