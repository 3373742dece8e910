"""The commands of `notify` that record, send and answer notices and delete old data."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from register_api import clock
from register_api.cli.database_options import Notices, counted, with_notices
from register_api.cli.notify_proof import evidence, seal, status, time_authority
from register_api.cli.notify_recipients import contacts, webhook
from register_api.cli.options import PATH
from register_api.cli.output import err, out, stopped_by_signals
from register_api.cli.serve import listening_options, serve_app, settings_option
from register_api.core.language.language import count
from register_api.errors import RegisterError, UsageError
from register_api.notify import bounces as reports
from register_api.notify import persons
from register_api.notify import status as notify_status
from register_api.notify.answers import VERDICTS, GivenAnswer, enter_answer, fault_of
from register_api.notify.deliveries import send_again
from register_api.notify.message import Audience, MessageTexts
from register_api.notify.persons import recipients_at
from register_api.notify.publication import PublicTree, note_check, record_new
from register_api.notify.service import create_app
from register_api.notify.settings import NotifySettings, read_notify_settings
from register_api.notify.worker import Worker
from register_api.sending.sender import Runtime
from register_api.sending.settings import smtp_password
from register_api.verify.fetcher import HttpFetcher


@click.group()
def notify() -> None:
    """Notify contract contacts of each published version by email, and keep a record.

    Reads only the public tree, verifies it as a customer would, and needs no key of the register. Settings
    are the table [notify] of the settings file; docs/notifying.md lists them.

    \b
    Examples:
      register-api notify contacts import contacts.csv --settings notify.toml
      register-api notify worker --settings notify.toml
      register-api notify status --settings notify.toml
    """


for _command in (contacts, seal, evidence, webhook, status):
    notify.add_command(_command)


def _public_tree(settings: NotifySettings) -> PublicTree:
    return PublicTree(
        base=settings.base,
        state=Path(settings.state),
        root_sha256=settings.root_sha256,
        fetcher=lambda: HttpFetcher(settings.base),
        reminder_days=settings.reminder_days,
    )


@notify.command()
@with_notices
@click.option(
    "--from-version",
    type=click.IntRange(1),
    metavar="N",
    help="On the first run: notify of versions from N on. Without it, existing versions count as notified.",
)
def record(opened: Notices, from_version: int | None) -> None:
    """Verify the public tree and queue the notices of each new version, without sending.

    \b
    Examples:
      register-api notify record --settings notify.toml
      register-api notify record --settings notify.toml --from-version 7
    """
    public, now = _public_tree(opened.settings), clock.now()
    try:
        with public.fetcher() as fetcher:
            recorded = record_new(opened.database, public, fetcher, now, from_version)
    except RegisterError as error:
        note_check(opened.database, now, error)
        raise
    note_check(opened.database, now, None)
    for version in recorded:
        states = notify_status.status(opened.database, now, version).versions[0].states
        out.print(f"Version {version} recorded: {count(states.get('due', 0), 'notice')} due.")
    if not recorded:
        out.print("No new version.")


@notify.command()
@with_notices
def worker(opened: Notices) -> None:
    """Poll the public tree, record and send notices until SIGTERM; the email in progress is finished first.

    Several may run, with PostgreSQL on several machines; each applies `mails_per_second` by itself.

    \b
    Example:
      register-api notify worker --settings notify.toml
    """
    with _worker(opened, out.print) as made:
        made.run(_public_tree(opened.settings))


@notify.command()
@with_notices
def send(opened: Notices) -> None:
    """Send all notices that are due now, then exit.

    \b
    Example:
      register-api notify send --settings notify.toml
    """
    counts: Counter[str] = Counter()
    with _worker(opened, err.print) as made:
        made.send_due(counts=counts)
    out.print(counted(dict(sorted(counts.items()))) or "Nothing is due.")


@contextlib.contextmanager
def _worker(opened: Notices, log: Callable[[str], None]) -> Iterator[Worker]:
    password = smtp_password(opened.settings, os.environ)
    with stopped_by_signals() as stop:
        runtime = Runtime(clock.now, stop, log)
        authority = time_authority(opened.settings)
        with Worker(opened.database, opened.settings, password, runtime, authority) as made:
            yield made


@notify.command()
@with_notices
@click.argument("version", type=click.IntRange(1))
@click.option(
    "--recipient", metavar="ADDRESS", help="Recipient whose email to print.  [default: English, all changes]"
)
def preview(opened: Notices, version: int, recipient: str | None) -> None:
    """Print the email about a recorded version, without sending it.

    \b
    Example:
      register-api notify preview 7 --recipient legal@customer.example --settings notify.toml
    """
    everything = Audience("en", "", "all")
    audience = Audience.of(recipients_at(opened.database, recipient)[0]) if recipient else everything
    mail = MessageTexts(opened.database, opened.settings).notice(version, audience)
    out.print(f"Subject: {mail.subject}\n\n{mail.text}")


@notify.command()
@with_notices
@click.argument("version", type=click.IntRange(1))
@click.option(
    "--recipient", "addresses", metavar="ADDRESS", multiple=True, help="Recipient's address. May be repeated."
)
@click.option("--failed", is_flag=True, help="All active contacts whose email was refused or bounced.")
def resend(opened: Notices, version: int, addresses: tuple[str, ...], failed: bool) -> None:
    """Queue the notice of a version again, for recipients who did not receive it.

    A recipient who was sent it before gets the same bytes with the same Message-ID; a later contact gets it
    for the first time.

    \b
    Example:
      register-api notify resend 7 --recipient legal@customer.example --settings notify.toml
    """
    if not (addresses or failed):
        raise UsageError("resend to whom? Give --recipient or --failed")
    found = notify_status.status(opened.database, clock.now(), version).told
    ids = [each.recipient for each in found if failed and each.alarm]
    for address in addresses:
        ids += [each.id for each in recipients_at(opened.database, address) if each.state == "active"]
    done = send_again(opened.database, version, ids, opened.at)
    out.print(f"{count(done, 'notice')} due; `notify send` or a worker sends them.")


@notify.command()
@with_notices
@click.argument("paths", type=PATH, nargs=-1)
def bounces(opened: Notices, paths: tuple[Path, ...]) -> None:
    """Read bounce emails, and record whose notice was not delivered.

    PATHS are Maildirs or mbox files; without any, one email is read from standard input, as piped by a mail
    server.

    \b
    Examples:
      register-api notify bounces /var/mail/bounces --settings notify.toml
      register-api notify bounces --settings notify.toml < mail
    """
    counts: Counter[str] = Counter()
    mails = (mail for path in paths for mail in reports.mails_in(path))
    for mail in mails if paths else [sys.stdin.buffer.read(reports.MAX_BYTES)]:
        report = reports.read_report(mail)
        taken = reports.take_report(opened.database, report, opened.at) if report else None
        counts[report.action if report and taken else "ignored"] += 1
    out.print(counted(dict(sorted(counts.items()))) or "No emails.")


@notify.command()
@with_notices
def retain(opened: Notices) -> None:
    """Delete sent emails and former recipients older than `retention_days`.

    Subscriptions not confirmed within seven days are deleted, too.

    \b
    Example:
      register-api notify retain --settings notify.toml
    """
    oldest = opened.at - opened.settings.retention_days * 86_400
    bodies, recipients = persons.retain(opened.database, oldest, opened.at)
    out.print(f"{count(bodies, 'email')} and {count(recipients, 'recipient')} deleted.")


@notify.command()
@settings_option
@listening_options(8002)
def serve(settings: Path | None, host: str, port: int) -> None:
    """Serve the pages for subscribing, preferences, unsubscribing and answering notices.

    Needs only the database: no key, and no mail server password. SIGTERM shuts it down gracefully. Put the
    proxy of the register's site in front.

    \b
    Example:
      register-api notify serve --port 8002 --settings notify.toml
    """
    read = read_notify_settings(settings, os.environ)
    if not read.subscriptions:
        raise UsageError(
            "the setting subscriptions is missing",
            hint='write it like subscriptions = "https://trust.example.com/subscriptions/"',
        )
    serve_app(create_app(read, clock.now), host, port)


@notify.command()
@with_notices
@click.argument("version", type=click.IntRange(1))
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.option("--recipient", required=True, metavar="ADDRESS", help="Address of the contract contact.")
@click.option("--customer", help="The customer, if the address is a contact of several.")
@click.option("--reason", default="", help="The reason; required for an objection.")
@click.option(
    "--received", type=click.DateTime(["%Y-%m-%d"]), help="Date on which it was received.  [default: today]"
)
def answer(
    opened: Notices,
    version: int,
    verdict: str,
    recipient: str,
    customer: str | None,
    reason: str,
    received: dt.datetime | None,
) -> None:
    """Record a contract contact's answer to a notice that did not come through its link.

    \b
    Example:
      register-api notify answer 7 objected --recipient legal@customer.example --reason "No contract"
    """
    given = GivenAnswer(verdict, reason, "publisher")
    if fault := fault_of(given):
        raise UsageError(fault)
    found = [
        each
        for each in recipients_at(opened.database, recipient)
        if each.kind == "contact" and each.state == "active" and customer in {None, each.customer}
    ]
    if len(found) != 1:
        raise UsageError(
            f"{len(found)} active contract contacts have this address",
            hint="say which customer's with --customer" if found else "register-api notify contacts list",
        )
    day = received.date() if received else None
    new = enter_answer(opened.database, version, found[0], given, clock.now(), day)
    out.print("Recorded." if new else "That is the newest answer already.")
