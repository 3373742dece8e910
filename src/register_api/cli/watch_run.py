"""Commands that look at registers, and say how it stands with each: run, status."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.interruption import stopped_by_signals
from register_api.cli.output import out, print_json
from register_api.cli.serving_options import settings_option
from register_api.cli.watch_options import watching
from register_api.core.instant import format_instant
from register_api.core.language.language import count
from register_api.core.printable import escaped
from register_api.sending.sender import Surroundings
from register_api.sending.settings import smtp_password
from register_api.watch.look import Asking
from register_api.watch.mailer import Mailer
from register_api.watch.poller import Poller
from register_api.watch.status import vendors_status


@click.command()
@settings_option
@click.option("--once", is_flag=True, help="Check what is due or nearly due, then exit; for a timer.")
def run(settings: Path | None, once: bool) -> None:
    """Poll every register and record what is new, until SIGTERM; with --once, one round.

    Each is verified with its state, by conditional requests, one at a time per host. With --once, what is
    due within half of `poll_minutes` counts as due.

    \b
    Examples:
      register-api watch run --settings watch.toml
      register-api watch run --once --settings watch.toml
    """
    with watching(settings) as opened, stopped_by_signals() as stop:
        around = Surroundings(clock.now, stop, lambda line: out.print(escaped(line), markup=False))
        poller = Poller(opened.database, opened.settings, Asking.of(opened.settings), around)
        password = smtp_password(opened.settings, os.environ)
        with Mailer(opened.database, opened.settings, password, around) as mailer:
            if not once:
                poller.run(mailer.try_to_send)
                return
            counts = poller.round(opened.settings.poll_minutes * 30)
            mailer.try_to_send()
    out.print(f"{count(counts.looks, 'look')}, {counts.fresh} verified, {counts.news} news.")


@click.command()
@settings_option
@options.json_option
def status(settings: Path | None, as_json: bool) -> None:
    """Show the result of the last check of each vendor; exits with status 1 if a register does not verify.

    \b
    Examples:
      register-api watch status --settings watch.toml
      register-api watch status --json --settings watch.toml
    """
    with watching(settings) as opened:
        found = vendors_status(opened.database)
    if as_json:
        print_json(found)
    else:
        for each in found:
            if not each.is_well and each.since:
                since = format_instant(each.since)
                said = f"{each.vendor}: {each.outcome} since {since}: {each.message}"
                out.print(escaped(said), markup=False)
        counts = Counter(each.outcome or "not looked at yet" for each in found)
        out.print(", ".join(f"{number} {word}" for word, number in sorted(counts.items())) or "No vendors.")
    raise click.exceptions.Exit(int(not all(each.is_well for each in found)))
