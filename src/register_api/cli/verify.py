"""The customer's command `verify`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import msgspec

from register_api import clock
from register_api.cli import options, trust_options
from register_api.cli.output import out, print_json, progress, usage_error
from register_api.errors import RegisterError, UsageError
from register_api.verify.engine import verify as verify_register
from register_api.verify.evidence.offline import verify_offline
from register_api.verify.options import FailOn, Options
from register_api.verify.report import Report, ReportedError
from register_api.verify.report_text import render_brief, render_text
from register_api.verify.state import VersionRange


class _JsonReportOnError(click.Command):
    """A command that with ``--json`` prints a report even if an error ends it early."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        as_json = "--json" in args
        try:
            return super().make_context(info_name, args, *rest, **extra)
        except (RegisterError, click.UsageError) as error:
            if as_json:
                _print_early_report(error)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (RegisterError, click.UsageError, OSError) as error:
            if ctx.params["as_json"]:
                _print_early_report(error, ctx.params["base"] or "")
            raise


def _print_early_report(error: RegisterError | click.UsageError | OSError, base: str = "") -> None:
    if isinstance(error, click.UsageError):
        error = usage_error(error)
    if isinstance(error, OSError):
        error = RegisterError(error.strerror or type(error).__name__)
    print_json(
        Report(
            base=base,
            checked_at=clock.now(),
            exit_code=error.exit_code,
            word=error.word,
            checks=(),
            not_checked=("Anything at all: the run ended before it.",),
            error=ReportedError(message=error.message, hint=error.hint),
        )
    )


@click.command(cls=_JsonReportOnError)
@click.argument("base", required=False)
@click.option(
    "--offline",
    type=options.PATH,
    metavar="FILE",
    help="Verify an evidence package written by `evidence` or `notify evidence` instead, without network.",
)
@trust_options.root_options
@click.option(
    "--state",
    type=options.PATH,
    help="Folder that remembers what was seen, to detect rollback, freezing and rewriting over time.",
)
@click.option(
    "--history",
    type=click.Choice(["all", "new", "none"]),
    default="new",
    show_default=True,
    help="Which earlier versions to verify: all, those not yet remembered, or none.",
)
@click.option(
    "--quick",
    is_flag=True,
    help="For frequent runs with --state: verify only the newest register, and only what has changed.",
)
@options.progress_option
@trust_options.witness_options
@trust_options.stamped_by_option
@click.option(
    "--compare",
    "others",
    type=options.PATH,
    metavar="FILE",
    multiple=True,
    help="Checkpoint that another customer was shown. May be repeated.",
)
@click.option(
    "--acknowledge",
    callback=lambda _context, _option, values: tuple(map(_versions, values)),
    metavar="VERSION",
    multiple=True,
    help=(
        "Accept that this version, or a range such as 2-7, was disowned: reported, no longer refused."
        " Remembered in --state."
    ),
)
@click.option(
    "--fail-on",
    callback=lambda _context, _option, value: _fail_on(value),
    default="",
    metavar="change,late,short,deadline<=N",
    help=(
        "Exit with status 20 if notice was late or short in a version that this run reads in full, 21"
        " if N days or fewer are left to object, 22 if there is a newer version than --state knows."
    ),
)
@click.option("-q", "--quiet", is_flag=True, help="For cron: print nothing on success, else only the reason.")
@options.json_option
@trust_options.into_options
def verify(
    base: str | None, offline: Path | None, trust: Options, quiet: bool, as_json: bool, **given: Any
) -> None:
    """Verify the register published at BASE, and report each check.

    Without --root, --root-sha256 or a remembered --state the first root is trusted on first use, and the
    report says so. The exit status is that of the worst finding.

    \b
    Examples:
      register-api verify https://trust.example.com
      register-api verify https://trust.example.com --root 1.root.json --state ~/.register-state
      register-api verify https://trust.example.com --state ~/.register-state --quick
      register-api verify http://127.0.0.1:8000 --json
      register-api verify https://trust.example.com --compare theirs.checkpoint
      register-api verify https://trust.example.com --policy witnesses.policy
      register-api verify https://trust.example.com --stamped-by tsa-root.pem
      register-api verify https://trust.example.com --state ~/.register-state --acknowledge 2
      register-api verify https://trust.example.com --history all --fail-on late,short
      register-api verify https://trust.example.com --state seen --quiet --fail-on 'change,deadline<=14'
      register-api verify --offline evidence.zip --root 1.root.json

    \b
    Exit codes:
      0 all checks passed          3 --state is in use
      10 unreachable, withheld    11 malformed
      12 forged                   13 stale                    14 rolled back
      15 forked                   16 untrusted key            17 unwitnessed
      18 inconsistent             19 this machine's clock
      20 promise not kept         21 deadline near            22 changed (all by --fail-on)
    """
    given["others"] = tuple((str(path), trust_options.read_checkpoint(path)) for path in given["others"])
    given["fail_on"], given["fail_on_deadline"] = given["fail_on"]
    chosen = msgspec.structs.replace(trust, **given)
    _check_chosen(base, offline, chosen)
    if quiet:
        click.get_current_context().meta[options.PROGRESS] = False
    with progress("checking") as report_progress:
        if offline is not None:
            report = verify_offline(offline, chosen, clock.now(), report_progress)
        else:
            report = verify_register(base or "", chosen, clock.now(), report_progress).report
    if as_json and not (quiet and report.exit_code == 0):
        print_json(report)
    elif not quiet or report.exit_code:
        out.print(render_brief(report) if quiet else render_text(report))
    raise click.exceptions.Exit(report.exit_code)


def _check_chosen(base: str | None, offline: Path | None, chosen: Options) -> None:
    if (base is None) == (offline is None):
        raise UsageError("verify takes either BASE or --offline FILE", hint="register-api verify --help")
    if offline is not None and (chosen.state or chosen.others or chosen.quick or chosen.history != "new"):
        raise UsageError(
            "--offline looks at one file alone: --state, --compare, --history and --quick are for BASE"
        )
    if offline is not None and (chosen.fail_on or chosen.fail_on_deadline is not None):
        raise UsageError("--fail-on is for what is published at BASE, not for a file of --offline")
    if {"late", "short"} & {*chosen.fail_on} and chosen.newest_alone:
        raise UsageError(
            "--fail-on late,short judges versions that are read in full: not --quick, --history none"
        )
    if chosen.state is None:
        if "change" in chosen.fail_on:
            raise UsageError("--fail-on change goes by what --state remembers", hint=_GIVE_STATE)
        if chosen.acknowledge:
            raise UsageError("--acknowledge is kept in the folder of --state", hint="give that folder")
        if chosen.quick:
            raise UsageError("--quick goes by what --state remembers", hint=_GIVE_STATE)
    if chosen.quick and chosen.history == "all":
        raise UsageError("--quick leaves history out, --history all asks for it", hint="give one of them")


_GIVE_STATE = "give a folder with --state"


def _versions(value: str) -> VersionRange:
    found = re.fullmatch(r"([1-9][0-9]{0,15})(?:-([1-9][0-9]{0,15}))?", value, re.ASCII)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if first > last:
        raise UsageError(f"--acknowledge takes a version or a range, such as 2 or 2-7, not {value[:20]!a}")
    return first, last


def _fail_on(value: str) -> tuple[tuple[FailOn, ...], int | None]:
    """Parse ``--fail-on``: the conditions to fail on, and N of ``deadline<=N`` in days."""
    known: dict[str, FailOn] = {"change": "change", "late": "late", "short": "short"}
    names = value.split(",") if value else []
    found, days = [], None
    for name in names:
        if name in known:
            found.append(known[name])
        elif days is None and (match := re.fullmatch("deadline<=([0-9]{1,4})", name, re.ASCII)):
            days = int(match[1])
        else:
            raise UsageError(
                "--fail-on takes change, late, short and once deadline<=N, with commas between, not "
                f"{name[:20]!a}"
            )
    return tuple(found), days
