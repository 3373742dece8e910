"""Commands that prove who was told: seal, evidence."""

from __future__ import annotations

from pathlib import Path

import click

from register_api import clock
from register_api.cli.notify_options import notices, time_authority
from register_api.cli.output import err, out, print_error
from register_api.cli.serving_options import settings_option
from register_api.core.canonical import digest
from register_api.core.instant import format_instant
from register_api.core.language.language import count
from register_api.errors import NotStamped, RegisterError, UsageError
from register_api.notify.publication import load
from register_api.notify.sealing import notice_files, recipients_of, seal_facts, stamp_seals
from register_api.notify.settings import NotifySettings
from register_api.verify.evidence.archive import (
    REGISTER,
    check_free,
    make_archive,
    notice_bound,
    write_archive,
)
from register_api.verify.evidence.notice import verify_notice
from register_api.verify.evidence.package import make_evidence
from register_api.verify.http_fetcher import HttpFetcher
from register_api.verify.options import Options
from register_api.verify.report_text import render_text


@click.command()
@settings_option
def seal(settings: Path | None) -> None:
    """Seal the records of notices under a Merkle root, and have it timestamped.

    A worker does this every hour.

    \b
    Example:
      register-api notify seal --settings notify.toml
    """
    with notices(settings) as opened:
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
@settings_option
@click.argument("version", type=click.IntRange(1))
@click.option("--recipient", metavar="ADDRESS", help="Include the records of this recipient.")
@click.option(
    "--customer",
    metavar="REFERENCE",
    help="Include the records of all present and past contacts of this customer.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="File to write, e.g. notice.zip."
)
def evidence(
    settings: Path | None, version: int, recipient: str | None, customer: str | None, output: Path
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
    check_free(output)
    with notices(settings) as opened:
        wanted = recipients_of(opened.database, recipient, customer)
        found = notice_files(opened.database, load(opened.database, version), wanted)
    files = found.files | _register(opened.settings, version)
    data = make_archive(files, found.sealed_at)
    trust = Options(root_sha256=opened.settings.root_sha256 or None)
    report = verify_notice(output.name, digest(data), files, trust, clock.now())
    if report.exit_code:
        out.print(render_text(report), markup=False)
        raise click.exceptions.Exit(report.exit_code)
    write_archive(output, data)
    if found.unsealed:
        err.print(f"{count(found.unsealed, 'fact')} not sealed yet and not in it: register-api notify seal")
    out.print(
        f"Wrote {output}: {count(found.records, 'record')} of version {version}, SHA-256 {digest(data)}."
    )


def _register(settings: NotifySettings, version: int) -> dict[str, bytes]:
    """Return the register's own evidence of a version, if it can be had; if not, that is told."""
    options = Options(root_sha256=settings.root_sha256 or None)
    try:
        with HttpFetcher(settings.base) as fetcher:
            made = make_evidence(settings.base, fetcher, version, options, clock.now())
    except RegisterError as error:
        why = f"{error.word}: {error.message}"
    else:
        if made.data is not None and len(made.data) <= (notice_bound(REGISTER) or 0):
            return {REGISTER: made.data}
        why = (made.package or made.served).word if made.data is None else "too large"
    err.print(f"Without {REGISTER}, the register's own evidence ({why}).", markup=False)
    return {}
