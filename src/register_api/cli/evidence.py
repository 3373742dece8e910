"""The customer's command `evidence`."""

from __future__ import annotations

from pathlib import Path

import click

from register_api import clock
from register_api.cli import trust_options
from register_api.cli.options import PATH, progress_option
from register_api.cli.output import out, progress
from register_api.verify.evidence.archive import check_free, write_archive
from register_api.verify.evidence.package import make_evidence
from register_api.verify.options import Options
from register_api.verify.report_text import render_text


@click.command()
@click.argument("base")
@click.option(
    "--version", type=click.IntRange(min=1), required=True, metavar="N", help="Number of the version."
)
@click.option("-o", "--output", type=PATH, required=True, help="File to write, e.g. evidence.zip.")
@trust_options.root_options
@progress_option
@trust_options.witness_options
@trust_options.stamped_by_option
@trust_options.into_options
def evidence(base: str, version: int, output: Path, trust: Options) -> None:
    """Save one version from BASE as a self-contained package that verifies offline.

    BASE is a URL, or a folder with a published tree. The version is verified first; nothing is written
    unless every check passes. The package is a ZIP file with a README.txt that says what it shows and how
    to verify it by hand. An existing file is never overwritten.

    \b
    Examples:
      register-api evidence https://trust.example.com --version 7 -o register-7.zip
      register-api evidence https://trust.example.com --version 7 -o register-7.zip --policy witnesses.policy
      register-api verify --offline register-7.zip --root 1.root.json
    """
    check_free(output)
    with trust_options.opened(base) as fetcher, progress("evidence") as report_progress:
        made = make_evidence(base, fetcher, version, trust, clock.now(), report_progress)
    if made.data is None:
        out.print(render_text(made.report))
        raise click.exceptions.Exit(made.report.exit_code)
    write_archive(output, made.data)
    report = made.report
    out.print(f"Wrote {output}: version {report.version} of {report.register}, {len(made.data)} bytes.")
    if report.package is not None and report.package.log is not None:
        out.print(f"  SHA-256      {report.package.sha256}")
        out.print(f"  log          size {report.package.log.size}, root {report.package.log.root_hash}")
    if report.root is not None:
        taken = ", TAKEN ON TRUST: compare it with your contract" if report.root.first_use else ""
        out.print(f"  trust root   version {report.root.version}, SHA-256 {report.root.sha256}{taken}")
    out.print(f"  verify with  register-api verify --offline {output}")
