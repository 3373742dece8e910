"""The command that judges a host: conformance."""

from __future__ import annotations

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.output import out, print_json, progress
from register_api.conformance.host_address import read_address
from register_api.conformance.raw_client import Client, RunLimits
from register_api.conformance.report import Profile, render_text
from register_api.conformance.script import ConformanceCheck, load_checks
from register_api.conformance.suite import run_checks
from register_api.errors import UsageError

_LIMITS = RunLimits()


@click.command()
@click.argument("url", required=False)
@click.option(
    "--profile",
    type=click.Choice(["service", "static"]),
    help="What the host is: the service, or a plain host of files. Without it this is found out.",
)
@click.option(
    "--only", metavar="CHECK", multiple=True, help="Make this check alone, e.g. C07; may be repeated."
)
@click.option("--list", "listing", is_flag=True, help="Show the script, and ask nobody.")
@click.option(
    "--max-requests",
    type=click.IntRange(1, 100_000),
    default=_LIMITS.requests,
    show_default=True,
    help="Never make more requests than this.",
)
@click.option(
    "--max-seconds",
    type=click.FloatRange(1, 86_400),
    default=_LIMITS.run,
    show_default=True,
    help="Never take longer than this; one request takes 10 seconds at most.",
)
@options.progress_option
@options.json_option
def conformance(
    url: str | None,
    profile: Profile | None,
    only: tuple[str, ...],
    listing: bool,
    max_requests: int,
    max_seconds: float,
    as_json: bool,
) -> None:
    """Ask the host of a register at URL what any such host has to answer, and say what it does not keep.

    URL is the folder that holds v1 and trust, of anyone's register. The checks are numbered; each says
    which section of which standard it rests on. A plain host of files may leave out what it was not
    told (`register-api export` writes that down): the report calls this lacking. Signatures and
    freshness are not looked at: that is what `verify` does.

    \b
    Examples:
      register-api conformance https://trust.example.com
      register-api conformance https://example.com/register/ --profile static --json
      register-api conformance http://127.0.0.1:8000 --only C07 --only C12
      register-api conformance --list

    \b
    Exit codes:
      0 conforming        1 a check failed        2 wrong use
      10 no answer, no register there, or not decided within the bounds
    """
    checks = load_checks()
    _check_ids(only, checks)
    if listing:
        _show(checks, frozenset(only), as_json=as_json)
        return
    if url is None:
        raise UsageError("conformance takes the URL of a register", hint="register-api conformance --help")
    with progress("asking") as report_progress:
        report = run_checks(
            Client(read_address(url), RunLimits(requests=max_requests, run=max_seconds)),
            checks,
            clock.now(),
            profile=profile,
            only=frozenset(only),
            progress=report_progress,
        )
    if as_json:
        print_json(report)
    else:
        out.print(render_text(report), markup=False)
    raise click.exceptions.Exit(report.exit_code)


def _check_ids(only: tuple[str, ...], checks: tuple[ConformanceCheck, ...]) -> None:
    """Refuse numbers that no check has."""
    known = {check.id for check in checks}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise UsageError(
            f"there is no check {unknown[0]!a}", hint=f"they are {checks[0].id} to {checks[-1].id}"
        )


def _show(checks: tuple[ConformanceCheck, ...], only: frozenset[str], *, as_json: bool) -> None:
    chosen = [check for check in checks if not only or check.id in only]
    if as_json:
        print_json(chosen)
        return
    for check in chosen:
        out.print(f"{check.id}  {check.title}", markup=False)
        out.print(f"     {check.standard}; host: {check.host}", markup=False)
        for exchange in check.exchange:
            headers = ", ".join(
                f"{name}: {' | '.join(text.splitlines())}" for name, text in exchange.with_.items()
            )
            status = " or ".join(map(str, exchange.allowed))
            out.print(
                f"     - {exchange.send}{f' with {headers}' if headers else ''} → {status}", markup=False
            )
