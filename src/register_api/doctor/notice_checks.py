"""Looks at notices: the mail server, and what has become of what is to be sent."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from register_api.core.instant import format_instant, instant_of
from register_api.core.language.language import count
from register_api.doctor.machine import Diagnosis, Machine, good, soon, unknown, wrong
from register_api.errors import SendingError
from register_api.files.hand_written import read_toml
from register_api.notify.schema import STEPS
from register_api.notify.settings import TABLE, NotifySettings, read_notify_settings
from register_api.notify.status import NotifyStatus, status
from register_api.sending.database import Database, opened
from register_api.sending.settings import named_file, smtp_password

_NONE = unknown(f"no file of settings has a table [{TABLE}]: no notices are sent from here")
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_WORKER = "a worker sends and seals: register-api notify worker"
_WAITING = (
    ("the public tree was looked at last", "SELECT max(at) AS at FROM looks", _HOUR),
    ("the oldest notice that is due is so since", "SELECT min(due_at) AS at FROM deliveries", _HOUR),
    ("nothing was sealed since", "SELECT min(at) AS at FROM facts WHERE seal IS NULL", _DAY),
)
"""What may wait for longer than a worker that runs would let it, and for how long."""


def _settings(machine: Machine) -> NotifySettings | None:
    """Return the settings of `notify`; ``None``: there are none."""
    file = named_file(machine.settings, machine.environment)
    if file is None or TABLE not in read_toml(file):
        return None
    return read_notify_settings(file, machine.environment)


def mail(machine: Machine) -> Iterator[Diagnosis]:
    """Read the settings of `notify`, and greet the mail server as it would."""
    settings = _settings(machine)
    if settings is None:
        yield _NONE
        return
    password = smtp_password(settings, machine.environment)
    server = f"{settings.smtp_host}:{settings.smtp_port}"
    if machine.offline:
        yield unknown(f"the settings are valid; {server} was not asked (--offline)")
    elif importlib.util.find_spec("aiosmtplib") is None:
        yield unknown("the settings are valid; the extra `notify` is not installed here")
    else:
        yield _greeted(settings, password, server)


def _greeted(settings: NotifySettings, password: str, server: str) -> Diagnosis:
    from register_api.sending.mail_server import MailServer  # noqa: PLC0415 - needs the extra `notify`

    try:
        offers_dsn = asyncio.run(MailServer(settings, password).greet())
    except SendingError as error:
        cure = "smtp_host, smtp_port, tls, smtp_user and the password: docs/notifying.md"
        return wrong(f"{server}: {error.message}", cure)
    if not offers_dsn:
        return soon(
            f"{server} does not report what becomes of a mail (DSN): a bounce may not be recognised",
            "send through a mail server that offers it: docs/notifying.md",
        )
    return good(f"{server} takes mail from here, and reports bounces (DSN)")


def outbox(machine: Machine) -> Iterator[Diagnosis]:
    """Look at what is to be sent, and at what is sealed of what was."""
    settings = _settings(machine)
    if settings is None:
        yield _NONE
    elif settings.uses_postgresql and machine.offline:
        yield unknown("its database was not asked (--offline)")
    elif not settings.uses_postgresql and not Path(settings.database).exists():
        yield unknown(f"there is no {settings.database} yet")
    else:
        with opened(settings.database, STEPS) as database:
            found = [*_alarms(status(database, machine.now)), *_waiting(database, machine.now)]
        yield from found or [good("nothing is overdue; nobody was missed")]


def _alarms(found: NotifyStatus) -> Iterator[Diagnosis]:
    if found.problem:
        says = f"the public tree did not verify at the last look: {found.problem}"
        yield wrong(says, "no new version is announced until it does: register-api notify record")
    for version in found.versions:
        if version.alarms:
            says = f"{count(version.alarms, 'contract contact')} not told of version {version.version}"
            cure = f"register-api notify status {version.version}, then another contact, or resend"
            yield wrong(says, cure)
    if troubled := sum(found.endpoints.get(each, 0) for each in ("failing", "switched_off")):
        says = f"{count(troubled, 'endpoint')} of webhooks failing or switched off"
        yield soon(says, "register-api notify webhook list has what they answered")


def _waiting(database: Database, now: dt.datetime) -> Iterator[Diagnosis]:
    """Tell what waits for longer than a worker that runs would let it."""
    for what, query, most in _WAITING:
        at = database.query(query)[0]["at"]
        since = now if at is None else instant_of(at)
        if now - since > most:
            yield soon(f"{what} {format_instant(since)}", _WORKER)
