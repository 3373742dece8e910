"""The customer's command: verify."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli import options
from register_api.cli.clock import now
from register_api.cli.output import out, print_json, progress
from register_api.errors import UsageError
from register_api.verify.checks.session import History, Options
from register_api.verify.report.text import render_text
from register_api.verify.run import verify as verify_register


@click.command()
@click.argument("base")
@click.option("--root", type=click.Path(path_type=Path), help="File with the trust root to begin from.")
@click.option(
    "--root-sha256", metavar="HEX", help="SHA-256 that the first root must have, e.g. from a contract."
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    help="Folder that remembers what was seen, so that rollback, freezing and rewriting are found over time.",
)
@click.option(
    "--history",
    type=click.Choice(["all", "new", "none"]),
    default="new",
    show_default=True,
    help="Which earlier versions to check: all, those not remembered yet, or none.",
)
@options.json_option
def verify(
    base: str, root: Path | None, root_sha256: str | None, state: Path | None, history: History, as_json: bool
) -> None:
    """Check the register that is served at BASE like a customer, and say what was checked.

    Without --root, --root-sha256 or a remembered --state the first root is taken on trust, and the
    report says so. The exit code is that of the worst finding.

    \b
    Examples:
      register-api verify https://trust.example.com
      register-api verify https://trust.example.com --root 1.root.json --state ~/.register-state
      register-api verify http://127.0.0.1:8000 --json

    \b
    Exit codes:
      0 all checks passed         10 unreachable, withheld    11 malformed
      12 forged                   13 stale                    14 rolled back
      15 forked                   16 untrusted key            17 unwitnessed
      18 inconsistent             19 this machine's clock
    """
    if root is not None and root_sha256 is not None:
        raise UsageError("--root and --root-sha256 say the same thing twice", hint="give one of them")
    wishes = Options(root=root, root_sha256=root_sha256, state=state, history=history)
    with progress("checking") as report_progress:
        report = verify_register(base, wishes, now(), report_progress)
    if as_json:
        print_json(report)
    else:
        out.print(render_text(report), markup=False)
    raise click.exceptions.Exit(report.exit_code)
