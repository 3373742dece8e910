"""Commands that show and prove who was notified: status, seal, evidence."""

from __future__ import annotations

from pathlib import Path

import click

from register_api import clock
from register_api.bounded_http.limits import HttpLimits
from register_api.cli import options
from register_api.cli.database_options import Notices, counted, with_notices
from register_api.cli.output import err, out, print_error, print_json
from register_api.cli.trust_options import read_certificates
from register_api.core.canonical import digest
from register_api.core.instant import format_instant
from register_api.core.language.language import count
from register_api.core.text import escaped
from register_api.errors import NotStamped, RegisterError, UsageError
from register_api.notify import status as notify_status
from register_api.notify.publication import load
from register_api.notify.sealing import notice_files, recipients_of, seal_facts, stamp_seals
from register_api.notify.settings import NotifySettings
from register_api.publish.time_authority import TimeAuthority, check_url
from register_api.verify.evidence import archive
from register_api.verify.evidence.offline import verify_notice
from register_api.verify.evidence.package import make_evidence
from register_api.verify.fetcher import HttpFetcher
from register_api.verify.options import Options
from register_api.verify.report_text import render_text


@click.command()
@with_notices
@click.argument("version", type=click.IntRange(1), required=False)
@click.option("--addresses", is_flag=True, help="Show addresses instead of pseudonyms.")
@click.option("--metrics", is_flag=True, help="Print metrics in the Prometheus text format.")
@options.json_option
def status(opened: Notices, version: int | None, addresses: bool, metrics: bool, as_json: bool) -> None:
    """Show who was notified and when, which emails were refused or bounced, and what is pending.

    Exits with status 1 if a contract contact was not notified or the public tree did not verify.

    \b
    Examples:
      register-api notify status --settings notify.toml
      register-api notify status 7 --addresses --settings notify.toml
      register-api notify status --metrics --settings notify.toml > /var/lib/node_exporter/notify.prom
    """
    found = notify_status.status(opened.database, clock.now(), version, addresses=addresses)
    if as_json:
        print_json(found)
    elif metrics:
        out.print(_metrics(found), end="")
    else:
        _print_status(found)
    raise click.exceptions.Exit(int(found.needs_somebody))


def _print_status(found: notify_status.NotifyStatus) -> None:
    checked = f"verified {format_instant(found.looked_at)}" if found.looked_at else "not checked yet"
    out.print(f"Public tree: {found.problem or checked}")
    sealed = format_instant(found.sealing.sealed_at) if found.sealing.sealed_at else "never"
    out.print(
        f"Sealed: {sealed}; {count(found.sealing.unsealed, 'fact')} not sealed,"
        f" {count(found.sealing.unstamped, 'seal')} not time-stamped"
    )
    if found.endpoints:
        out.print(f"Endpoints: {counted(found.endpoints)}")
    for version in found.versions:
        states = counted(version.states) or ("nobody concerned" if version.told else "not notified")
        reminders = f"; reminders: {counted(version.reminders)}" if version.reminders else ""
        out.print(f"Version {version.version}: {states}{reminders}")
        if version.alarms:
            left = "" if version.days_left is None else f"; {count(version.days_left, 'day')} of notice left"
            out.print(f"  ALARM: {count(version.alarms, 'contract contact')} not notified{left}", style="red")
        if version.answers:
            out.print(f"  Answers until {version.objection_until}: {counted(version.answers)}")
    for each in found.told:
        who = each.address or each.pseudonym or "erased"
        again = f", {each.unknowns} times unknown" if each.unknowns else ""
        what = ("ALARM " if each.alarm else "") + ("" if each.tells == "notice" else f"{each.tells} ")
        when = f"{format_instant(each.at)}{again}"
        out.print(f"  {what}{each.state} {when}  {each.customer}  {who}  {escaped(each.reply)}")
    for given in found.answers:
        who = given.address or given.pseudonym or "erased"
        when = f" {format_instant(given.at)}{', late' if given.late else ''}" if given.at else ""
        out.print(f"  answer {given.verdict}{when}  {given.customer}  {who}  {escaped(given.reason)}")


def _metrics(found: notify_status.NotifyStatus) -> str:
    polled, sealed = (int(at.timestamp()) if at else 0 for at in (found.looked_at, found.sealing.sealed_at))
    gauges: dict[str, dict[str, int]] = {
        "looked_at_seconds": {"": polled},
        "look_failed": {"": int(bool(found.problem))},
        "facts_unsealed": {"": found.sealing.unsealed},
        "sealed_at_seconds": {"": sealed},
        "seals_unstamped": {"": found.sealing.unstamped},
        "endpoints": {f'{{state="{state}"}}': number for state, number in found.endpoints.items()},
        "deliveries": {
            f'{{version="{version.version}",state="{state}"}}': number
            for version in found.versions
            for state, number in version.states.items()
        },
        "answers": {
            f'{{version="{version.version}",answer="{answer}"}}': number
            for version in found.versions
            for answer, number in version.answers.items()
        },
        "contacts_not_told": {
            f'{{version="{version.version}"}}': version.alarms for version in found.versions
        },
    }
    return "".join(
        f"# TYPE register_notify_{name} gauge\n"
        + "".join(f"register_notify_{name}{labels} {number}\n" for labels, number in rows.items())
        for name, rows in gauges.items()
    )


_ASKED_ONCE = HttpLimits(exchange=20.0, attempts=1)
"""One attempt: a worker sends nothing while it waits, and asks again within the hour."""


def time_authority(settings: NotifySettings) -> TimeAuthority | None:
    """Return the time authority that stamps seals, if one is configured."""
    if not settings.time_authority:
        return None
    anchors = read_certificates(Path(settings.time_authority_certificate), "time_authority_certificate")
    return TimeAuthority(url=check_url(settings.time_authority), anchors=anchors, limits=_ASKED_ONCE)


@click.command()
@with_notices
def seal(opened: Notices) -> None:
    """Seal the records of notices under a Merkle root, and have it timestamped.

    A worker does this every hour.

    \b
    Example:
      register-api notify seal --settings notify.toml
    """
    now, authority = clock.now(), time_authority(opened.settings)
    out.print(f"{count(seal_facts(opened.database, now), 'fact')} sealed.")
    try:
        stamps = stamp_seals(opened.database, authority, now) if authority else []
    except NotStamped as error:
        print_error(NotStamped(f"{error.message}; the next time it is asked again"))
    else:
        for stamp in stamps:
            out.print(f"Time-stamped at {format_instant(stamp.at)} by {stamp.authority}.")


@click.command()
@with_notices
@click.argument("version", type=click.IntRange(1))
@click.option("--recipient", metavar="ADDRESS", help="Include the records of this recipient.")
@click.option(
    "--customer",
    metavar="REFERENCE",
    help="Include the records of all present and past contacts of this customer.",
)
@click.option("-o", "--output", type=options.PATH, required=True, help="File to write, e.g. notice.zip.")
def evidence(
    opened: Notices, version: int, recipient: str | None, customer: str | None, output: Path
) -> None:
    """Save proof of who was notified of a version, and when, as a package that verifies offline.

    It contains no other customer's records. The register's own evidence of that version is included if the
    public tree verifies now.

    \b
    Examples:
      register-api notify evidence 7 --recipient legal@customer.example -o notice.zip --settings notify.toml
      register-api notify evidence 7 --customer C-17 -o notice.zip --settings notify.toml
      register-api verify --offline notice.zip --stamped-by tsa-root.pem
    """
    if recipient is None and customer is None:
        raise UsageError("whose records? Give --recipient, --customer or both")
    archive.check_free(output)
    wanted = recipients_of(opened.database, recipient, customer)
    found = notice_files(opened.database, load(opened.database, version), wanted)
    files = found.files | _register(opened.settings, version)
    data = archive.make_archive(files, found.sealed_at)
    trust = Options(root_sha256=opened.settings.root_sha256 or None)
    report = verify_notice(output.name, digest(data), files, trust, clock.now())
    if report.exit_code:
        out.print(render_text(report))
        raise click.exceptions.Exit(report.exit_code)
    archive.write_archive(output, data)
    if found.unsealed:
        err.print(f"{count(found.unsealed, 'fact')} not sealed yet and not in it: register-api notify seal")
    out.print(
        f"Wrote {output}: {count(found.records, 'record')} of version {version}, SHA-256 {digest(data)}."
    )


def _register(settings: NotifySettings, version: int) -> dict[str, bytes]:
    """Return the register's evidence package of a version; print why if it cannot be made."""
    chosen = Options(root_sha256=settings.root_sha256 or None)
    try:
        with HttpFetcher(settings.base) as fetcher:
            made = make_evidence(settings.base, fetcher, version, chosen, clock.now())
    except RegisterError as error:
        why = f"{error.word}: {error.message}"
    else:
        if made.data is not None and len(made.data) <= (archive.notice_bound(archive.REGISTER) or 0):
            return {archive.REGISTER: made.data}
        why = made.report.word if made.data is None else "too large"
    err.print(f"Without {archive.REGISTER}, the register's own evidence ({why}).")
    return {}
