"""The table of checks, and the checks of the public tree, certificate, deploy target and mail."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.util
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import msgspec

from register_api.core.instant import format_instant, instant_of
from register_api.core.language.language import count
from register_api.deploy.public_head import LIMITS, ask_public
from register_api.deploy.sending import verify_public
from register_api.deploy.target import open_target, probe
from register_api.doctor import machine as machine_checks
from register_api.doctor import store_checks
from register_api.doctor.machine import Diagnosis, Machine, good, soon, unknown, wrong
from register_api.errors import Forked, RegisterError, RolledBack, SendingError, StoreDamaged
from register_api.files.hand_written import read_toml
from register_api.notify.schema import STEPS
from register_api.notify.settings import TABLE, NotifySettings, read_notify_settings
from register_api.notify.status import NotifyStatus, status
from register_api.sending.database import opened
from register_api.sending.settings import named_file, smtp_password

_RENEWED_BEFORE = dt.timedelta(days=14)
"""Automatic renewal takes place three weeks or more before a certificate expires."""

_SECONDS = 5.0

_NO_ADDRESS = "the register names no address (url in register.toml), and there is no --base-url"


def public(machine: Machine) -> Iterator[Diagnosis]:
    """Verify the public tree as a customer would, and compare it with the store."""
    url = machine.url
    if machine.offline or url is None:
        yield unknown("not checked (--offline)" if machine.offline else _NO_ADDRESS)
        return
    if not url.startswith("https://"):
        yield soon(f"{url} is not HTTPS", "let customers read it over HTTPS: docs/hosting.md")
    try:
        ask_public(machine.snapshot, url)
    except (RolledBack, Forked) as error:
        yield wrong(error.message, error.hint)
        return
    result, is_newest = verify_public(machine.snapshot, url, machine.now, limits=LIMITS)
    if result.finding is not None:
        text = f"{url} does not verify as this register: {result.finding.message}"
        cure = f"register-api verify {url}  says all; then: register-api deploy TARGET, or start the service"
        yield wrong(text, cure)
    elif not is_newest:
        text = f"{url} serves version {result.report.version}, older than what the store holds now"
        yield soon(text, "register-api deploy TARGET, or wait until caches have the newest timestamp.json")
    else:
        yield good(f"{url} serves version {result.report.version} of this register, as the store has it")


def certificate(machine: Machine) -> Iterator[Diagnosis]:
    """Check the expiry of the TLS certificate."""
    parts = urlsplit(machine.url or "")
    if machine.offline or parts.scheme != "https" or parts.hostname is None:
        yield unknown("not checked (--offline)" if machine.offline else "no HTTPS address is known")
        return
    where, cure = f"{parts.hostname}:{parts.port or 443}", "renew the site's certificate, e.g. certbot renew"
    context = ssl.create_default_context()  # verifies as browsers do
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), timeout=_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            found = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        yield wrong(f"the certificate of {where} is not valid: {error.verify_message}", cure)
    except OSError as error:
        yield unknown(f"{where} does not answer: {error}")
    else:
        expires = dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), dt.UTC)
        left = expires - machine.now
        until = f"{format_instant(expires)} ({count(left.days, 'day')})"
        text = f"the certificate of {where} is good until {until}"
        yield good(text) if left >= _RENEWED_BEFORE else soon(text, cure)


def target(machine: Machine) -> Iterator[Diagnosis]:
    """Test the deploy target with a temporary file."""
    if machine.target is None:
        yield unknown("not checked: --target names the folder or bucket that `deploy` writes to")
        return
    place = open_target(machine.target, machine.endpoint, machine.store)
    if machine.offline and "://" in machine.target:
        yield unknown("not checked (--offline)")
        return
    try:
        probe(place)
    except OSError as error:
        yield wrong(f"{place.name}: {error.strerror or error}", "let this user write there")
    else:
        yield good(f"{place.name} is writable, and keeps the first of two files of the same name")


_NONE = unknown(f"no settings file has a [{TABLE}] table: no notices are sent from here")
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_WORKER = "a worker sends and seals: register-api notify worker"
_WAITING = (
    ("the public tree was last checked at", "SELECT max(at) AS at FROM looks", _HOUR),
    ("the oldest due notice has waited since", "SELECT min(due_at) AS at FROM deliveries", _HOUR),
    ("records have waited to be sealed since", "SELECT min(at) AS at FROM facts WHERE seal IS NULL", _DAY),
)
"""Events that are overdue if no worker runs: description, query and maximum age."""


def _settings(machine: Machine) -> NotifySettings | None:
    file = named_file(machine.settings, machine.environment)
    if file is None or TABLE not in read_toml(file):
        return None
    return read_notify_settings(file, machine.environment)


def mail(machine: Machine) -> Iterator[Diagnosis]:
    """Read the settings of `notify` and connect to the mail server."""
    settings = _settings(machine)
    if settings is None:
        yield _NONE
        return
    password = smtp_password(settings, machine.environment)
    server = f"{settings.smtp_host}:{settings.smtp_port}"
    if machine.offline:
        yield unknown(f"the settings are valid; {server} was not contacted (--offline)")
    elif importlib.util.find_spec("aiosmtplib") is None:
        yield unknown("the settings are valid; the extra `notify` is not installed here")
    else:
        yield _greeted(settings, password, server)


def _greeted(settings: NotifySettings, password: str, server: str) -> Diagnosis:
    from register_api.sending.mail import MailServer  # noqa: PLC0415 - needs the extra `notify`

    try:
        offers_dsn = asyncio.run(MailServer(settings, password).greet())
    except SendingError as error:
        cure = "smtp_host, smtp_port, tls, smtp_user and the password: docs/notifying.md"
        return wrong(f"{server}: {error.message}", cure)
    if not offers_dsn:
        return soon(
            f"{server} does not report what becomes of an email (DSN): a bounce may not be recognised",
            "send through a mail server that offers it: docs/notifying.md",
        )
    return good(f"{server} accepts email from here, and reports bounces (DSN)")


def outbox(machine: Machine) -> Iterator[Diagnosis]:
    """Check for overdue deliveries and sealing, and for alarms."""
    settings = _settings(machine)
    if settings is None:
        yield _NONE
    elif settings.uses_postgresql and machine.offline:
        yield unknown("the database was not contacted (--offline)")
    elif not settings.uses_postgresql and not Path(settings.database).exists():
        yield unknown(f"{settings.database} does not exist yet")
    else:
        with opened(settings.database, STEPS) as database:
            found = list(_alarms(status(database, machine.now)))
            for what, query, most in _WAITING:
                at = database.query(query)[0]["at"]
                since = machine.now if at is None else instant_of(at)
                if machine.now - since > most:
                    found.append(soon(f"{what} {format_instant(since)}", _WORKER))
        yield from found or [good("nothing is overdue; no contract contact was missed")]


def _alarms(found: NotifyStatus) -> Iterator[Diagnosis]:
    if found.problem:
        text = f"the public tree did not verify at the last check: {found.problem}"
        yield wrong(text, "no new version is announced until it does: register-api notify record")
    for version in found.versions:
        if version.alarms:
            text = f"{count(version.alarms, 'contract contact')} not notified of version {version.version}"
            cure = f"register-api notify status {version.version}, then another contact, or resend"
            yield wrong(text, cure)
    if troubled := sum(found.endpoints.get(each, 0) for each in ("failing", "switched_off")):
        text = f"{count(troubled, 'endpoint')} of webhooks failing or switched off"
        yield soon(text, "register-api notify webhook list has what they answered")


CheckFunction: TypeAlias = Callable[[Machine], Iterator[Diagnosis]]

OVER_STORE: Mapping[str, CheckFunction] = {
    "files": store_checks.files,
    "signatures": store_checks.signatures,
    "expiry": store_checks.expiry,
    "keys": store_checks.keys,
    "permissions": store_checks.permissions,
    "clock": store_checks.clock,
    "timer": machine_checks.timer,
    "public": public,
    "certificate": certificate,
    "target": target,
    "disk": store_checks.disk,
}
"""Checks of the publication, in the order of the report."""

ANYWAY: Mapping[str, CheckFunction] = {
    "synchronisation": machine_checks.synchronisation,
    "settings": machine_checks.settings,
    "mail": mail,
    "outbox": outbox,
}
"""Checks that need no publication."""


def diagnose(machine: Machine) -> Iterator[Diagnosis]:
    """Run every check and yield its findings; a check that fails is itself reported as a finding."""
    store = list(_run_check("store", _store, machine))
    yield from store
    for check, run in OVER_STORE.items():
        if store:
            yield unknown("no readable publication", check=check)
        else:
            yield from _run_check(check, run, machine)
    for check, run in ANYWAY.items():
        yield from _run_check(check, run, machine)


def _store(machine: Machine) -> Iterator[Diagnosis]:
    """Check that the store can be opened and has a publication."""
    if machine.published is None:
        yield soon(f"nothing was published into {machine.store} yet", "register-api publish")


def _run_check(check: str, run: CheckFunction, machine: Machine) -> Iterator[Diagnosis]:
    try:
        for found in run(machine):
            yield msgspec.structs.replace(found, check=check)
    except RegisterError as error:
        cure = store_checks.FROM_PUBLIC if type(error) is StoreDamaged else ""
        yield wrong(error.message, error.hint or cure, check)
    except OSError as error:
        why = f"{error.filename or check}: {error.strerror or error}"
        yield unknown(f"{why}; run this as a user who may read it", check=check)
