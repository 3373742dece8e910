"""Commands of notices: contacts, webhook, record, worker, send, preview, status, resend, bounces, retain."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.interruption import stopped_by_signals
from register_api.cli.notify_contacts import contacts
from register_api.cli.notify_options import Notices, notices, time_authority
from register_api.cli.notify_proof import evidence, seal
from register_api.cli.notify_service import answer, serve
from register_api.cli.notify_webhook import webhook
from register_api.cli.output import err, out, print_json
from register_api.cli.serving_options import settings_option
from register_api.core.instant import format_instant
from register_api.core.language.language import count
from register_api.core.printable import escaped
from register_api.errors import RegisterError
from register_api.notify import bounces as reports
from register_api.notify import persons
from register_api.notify import status as record_of
from register_api.notify.contacts import recipients_at
from register_api.notify.deliveries import send_again
from register_api.notify.publication import Look, note_look, record_new
from register_api.notify.settings import NotifySettings
from register_api.notify.words import Wanted, Words
from register_api.notify.worker import Worker
from register_api.sending.sender import Surroundings
from register_api.sending.settings import smtp_password
from register_api.verify.http_fetcher import HttpFetcher

_DAY = 86_400


@click.group()
def notify() -> None:
    """Notify contract contacts of each published version by mail, and keep a record.

    Reads only the public tree, verifies it as a customer would, and needs no key of the register. Settings
    are the table [notify] of the settings file; docs/notifying.md lists them.

    \b
    Examples:
      register-api notify contacts import contacts.csv --settings notify.toml
      register-api notify worker --settings notify.toml
      register-api notify status --settings notify.toml
    """


notify.add_command(contacts)
notify.add_command(seal)
notify.add_command(evidence)
notify.add_command(webhook)
notify.add_command(serve)
notify.add_command(answer)


def _look(settings: NotifySettings) -> Look:
    return Look(
        base=settings.base,
        state=Path(settings.state),
        root_sha256=settings.root_sha256,
        fetcher=lambda: HttpFetcher(settings.base),
        reminder_days=settings.reminder_days,
    )


@notify.command()
@settings_option
@click.option(
    "--from-version",
    type=click.IntRange(1),
    metavar="N",
    help="On the first run: notify of versions from N on. Without it, existing versions count as notified.",
)
def record(settings: Path | None, from_version: int | None) -> None:
    """Verify the public tree and queue the notices of each new version, without sending.

    \b
    Examples:
      register-api notify record --settings notify.toml
      register-api notify record --settings notify.toml --from-version 7
    """
    with notices(settings) as opened:
        look, now = _look(opened.settings), clock.now()
        try:
            with look.fetcher() as fetcher:
                recorded = record_new(opened.database, look, fetcher, now, from_version)
        except RegisterError as error:
            note_look(opened.database, now, error)
            raise
        note_look(opened.database, now, None)
        for version in recorded:
            states = record_of.status(opened.database, now, version).versions[0].states
            out.print(f"Version {version} recorded: {count(states.get('due', 0), 'notice')} due.")
        if not recorded:
            out.print("No new version.")


@notify.command()
@settings_option
def worker(settings: Path | None) -> None:
    """Poll the public tree, record and send notices until SIGTERM; the mail in progress is finished first.

    Several may run, with PostgreSQL on several machines; each applies `mails_per_second` by itself.

    \b
    Example:
      register-api notify worker --settings notify.toml
    """
    with notices(settings) as opened, _worker(opened, out.print) as made:
        made.run(_look(opened.settings))


@notify.command()
@settings_option
def send(settings: Path | None) -> None:
    """Send all notices that are due now, then exit.

    \b
    Example:
      register-api notify send --settings notify.toml
    """
    counts: Counter[str] = Counter()
    with notices(settings) as opened, _worker(opened, err.print) as made:
        made.send_due(counts=counts)
    out.print(_said(dict(sorted(counts.items()))) or "Nothing is due.")


@contextlib.contextmanager
def _worker(opened: Notices, tell: Callable[[str], None]) -> Iterator[Worker]:
    password = smtp_password(opened.settings, os.environ)
    with stopped_by_signals() as stop:
        around = Surroundings(clock.now, stop, tell)
        authority = time_authority(opened.settings)
        with Worker(opened.database, opened.settings, password, around, authority) as made:
            yield made


@notify.command()
@settings_option
@click.argument("version", type=click.IntRange(1))
@click.option(
    "--recipient", metavar="ADDRESS", help="Recipient whose mail to print.  [default: English, all changes]"
)
def preview(settings: Path | None, version: int, recipient: str | None) -> None:
    """Print the mail about a recorded version, without sending it.

    \b
    Example:
      register-api notify preview 7 --recipient legal@customer.example --settings notify.toml
    """
    with notices(settings) as opened:
        anybody = Wanted("en", "", "all")
        wanted = Wanted.by(recipients_at(opened.database, recipient)[0]) if recipient else anybody
        words = Words(opened.database, opened.settings).notice(version, wanted)
    out.print(f"Subject: {words.subject}\n\n{words.text}", markup=False)


@notify.command()
@settings_option
@click.argument("version", type=click.IntRange(1), required=False)
@click.option("--addresses", is_flag=True, help="Show addresses instead of pseudonyms.")
@click.option("--metrics", is_flag=True, help="Print metrics in the Prometheus text format.")
@options.json_option
def status(settings: Path | None, version: int | None, addresses: bool, metrics: bool, as_json: bool) -> None:
    """Show who was notified and when, which mails were refused or bounced, and what is pending.

    Exits with status 1 if a contract contact was not notified or the public tree did not verify.

    \b
    Examples:
      register-api notify status --settings notify.toml
      register-api notify status 7 --addresses --settings notify.toml
      register-api notify status --metrics --settings notify.toml > /var/lib/node_exporter/notify.prom
    """
    with notices(settings) as opened:
        found = record_of.status(opened.database, clock.now(), version, addresses=addresses)
    if as_json:
        print_json(found)
    elif metrics:
        out.print(_metrics(found), end="")
    else:
        _print_status(found)
    raise click.exceptions.Exit(int(found.needs_somebody))


def _print_status(found: record_of.NotifyStatus) -> None:
    looked = f"verified {format_instant(found.looked_at)}" if found.looked_at else "not looked at yet"
    out.print(f"Public tree: {found.problem or looked}")
    sealed = format_instant(found.sealing.sealed_at) if found.sealing.sealed_at else "never"
    out.print(
        f"Sealed: {sealed}; {count(found.sealing.unsealed, 'fact')} not sealed,"
        f" {count(found.sealing.unstamped, 'seal')} not time-stamped"
    )
    if found.endpoints:
        out.print(f"Endpoints: {_said(found.endpoints)}")
    for version in found.versions:
        states = _said(version.states) or ("nobody concerned" if version.told else "not told")
        reminders = f"; reminders: {_said(version.reminders)}" if version.reminders else ""
        out.print(f"Version {version.version}: {states}{reminders}")
        if version.alarms:
            left = "" if version.days_left is None else f"; {count(version.days_left, 'day')} of notice left"
            out.print(f"  ALARM: {count(version.alarms, 'contract contact')} not told{left}", style="red")
        if version.answers:
            out.print(f"  Answers until {version.objection_until}: {_said(version.answers)}")
    for told in found.told:
        who = told.address or told.pseudonym or "erased"
        again = f", {told.unknowns} times unknown" if told.unknowns else ""
        alarm = "ALARM " if told.alarm else ""
        when = format_instant(told.at)
        what = "" if told.tells == "notice" else f"{told.tells} "
        out.print(f"  {alarm}{what}{told.state} {when}{again}  {told.customer}  {who}  {escaped(told.reply)}")
    for given in found.answers:
        who = given.address or given.pseudonym or "erased"
        when = f" {format_instant(given.at)}{', late' if given.late else ''}" if given.at else ""
        out.print(f"  answer {given.verdict}{when}  {given.customer}  {who}  {escaped(given.reason)}")


def _said(states: dict[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in states.items())


def _metrics(found: record_of.NotifyStatus) -> str:
    """Return the newest versions' numbers as Prometheus reads them."""
    looked = int(found.looked_at.timestamp()) if found.looked_at else 0
    sealed = int(found.sealing.sealed_at.timestamp()) if found.sealing.sealed_at else 0
    lines = [
        "# TYPE register_notify_looked_at_seconds gauge",
        f"register_notify_looked_at_seconds {looked}",
        "# TYPE register_notify_look_failed gauge",
        f"register_notify_look_failed {int(bool(found.problem))}",
        "# TYPE register_notify_facts_unsealed gauge",
        f"register_notify_facts_unsealed {found.sealing.unsealed}",
        "# TYPE register_notify_sealed_at_seconds gauge",
        f"register_notify_sealed_at_seconds {sealed}",
        "# TYPE register_notify_seals_unstamped gauge",
        f"register_notify_seals_unstamped {found.sealing.unstamped}",
        "# TYPE register_notify_endpoints gauge",
        *(
            f'register_notify_endpoints{{state="{state}"}} {number}'
            for state, number in found.endpoints.items()
        ),
        "# TYPE register_notify_deliveries gauge",
        *(
            f'register_notify_deliveries{{version="{version.version}",state="{state}"}} {number}'
            for version in found.versions
            for state, number in version.states.items()
        ),
        "# TYPE register_notify_answers gauge",
        *(
            f'register_notify_answers{{version="{version.version}",answer="{answer}"}} {number}'
            for version in found.versions
            for answer, number in version.answers.items()
        ),
        "# TYPE register_notify_contacts_not_told gauge",
        *(
            f'register_notify_contacts_not_told{{version="{version.version}"}} {version.alarms}'
            for version in found.versions
        ),
    ]
    return "".join(f"{line}\n" for line in lines)


@notify.command()
@settings_option
@click.argument("version", type=click.IntRange(1))
@click.option(
    "--recipient", "addresses", metavar="ADDRESS", multiple=True, help="Recipient's address. May be repeated."
)
@click.option("--failed", is_flag=True, help="All active contacts whose mail was refused or bounced.")
def resend(settings: Path | None, version: int, addresses: tuple[str, ...], failed: bool) -> None:
    """Queue the notice of a version again, for recipients who did not receive it.

    A recipient who was sent it before gets the same bytes with the same Message-ID; a later contact gets it
    for the first time.

    \b
    Example:
      register-api notify resend 7 --recipient legal@customer.example --settings notify.toml
    """
    with notices(settings) as opened:
        found = record_of.status(opened.database, clock.now(), version).told
        ids = [told.recipient for told in found if failed and told.alarm]
        for address in addresses:
            ids += [each.id for each in recipients_at(opened.database, address) if each.state == "active"]
        done = send_again(opened.database, version, ids, opened.at)
    out.print(f"{count(done, 'notice')} due; `notify send` or a worker sends them.")


@notify.command()
@settings_option
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1)
def bounces(settings: Path | None, paths: tuple[Path, ...]) -> None:
    """Read bounce mails, and record whose notice was not delivered.

    PATHS are Maildirs or mbox files; without any, one mail is read from standard input, as piped by a mail
    server.

    \b
    Examples:
      register-api notify bounces /var/mail/bounces --settings notify.toml
      register-api notify bounces --settings notify.toml < mail
    """
    counts: Counter[str] = Counter()
    with notices(settings) as opened:
        mails = (mail for path in paths for mail in reports.mails_in(path))
        for mail in mails if paths else [sys.stdin.buffer.read(reports.MOST_BYTES)]:
            report = reports.read_report(mail)
            taken = reports.take_report(opened.database, report, opened.at) if report else None
            counts[report.action if report and taken else "passed over"] += 1
    out.print(_said(dict(sorted(counts.items()))) or "No mail.")


@notify.command()
@settings_option
def retain(settings: Path | None) -> None:
    """Delete sent mails and former recipients older than `retention_days`.

    Subscriptions not confirmed within seven days are deleted, too.

    \b
    Example:
      register-api notify retain --settings notify.toml
    """
    with notices(settings) as opened:
        oldest = opened.at - opened.settings.retention_days * _DAY
        bodies, recipients = persons.retain(opened.database, oldest, opened.at)
    out.print(f"{count(bodies, 'mail')} and {count(recipients, 'recipient')} deleted.")
