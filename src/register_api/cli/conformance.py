"""The command `conformance`: tests whether a server hosts a register correctly."""

from __future__ import annotations

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.output import out, print_json, progress
from register_api.errors import UsageError
from register_api.hosting.raw_client import Client, RunLimits, read_address
from register_api.hosting.script import ConformanceCheck, load_checks, request_line
from register_api.hosting.suite import Profile, render_text, run_checks

_LIMITS = RunLimits()


@click.command()
@click.argument("url", required=False)
@click.option(
    "--profile",
    type=click.Choice(["service", "static"]),
    help="Type of host: the service, or a static file host.  [default: detected]",
)
@click.option(
    "--only", metavar="CHECK", multiple=True, help="Run only this check, e.g. C07. May be repeated."
)
@click.option("--list", "listing", is_flag=True, help="List the checks, without sending requests.")
@click.option(
    "--max-requests",
    type=click.IntRange(1, 100_000),
    default=_LIMITS.requests,
    show_default=True,
    help="Maximum number of requests.",
)
@click.option(
    "--max-seconds",
    type=click.FloatRange(1, 86_400),
    default=_LIMITS.run,
    show_default=True,
    help="Maximum duration; a single request takes at most 10 seconds.",
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
    """Test whether the host at URL serves a register correctly.

    URL is the folder that holds v1 and trust, of any register. Each check has a number and names the
    section of the standard it is based on. A static host may leave out what needs configuration (`register-
    api export` generates it): the report calls this lacking. Signatures and freshness are not checked: use
    `verify`.

    \b
    Examples:
      register-api conformance https://trust.example.com
      register-api conformance https://example.com/register/ --profile static --json
      register-api conformance http://127.0.0.1:8000 --only C07 --only C12
      register-api conformance --list

    \b
    Exit codes:
      0 conforming        1 a check failed        2 usage error
      10 no response, no register found, or undecided within the limits
    """
    checks = load_checks()
    if unknown := [name for name in only if name not in {check.id for check in checks}]:
        raise UsageError(f"unknown check {unknown[0]!a}", hint=f"they are {checks[0].id} to {checks[-1].id}")
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
        out.print(render_text(report))
    raise click.exceptions.Exit(report.exit_code)


def _show(checks: tuple[ConformanceCheck, ...], only: frozenset[str], *, as_json: bool) -> None:
    chosen = [check for check in checks if not only or check.id in only]
    if as_json:
        print_json(chosen)
        return
    for check in chosen:
        out.print(f"{check.id}  {check.title}")
        out.print(f"     {check.standard}; host: {check.host}")
        for exchange in check.exchange:
            out.print(f"     - {request_line(exchange, {})} → {' or '.join(map(str, exchange.allowed))}")
