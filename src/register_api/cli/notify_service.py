"""Commands on what comes back from people: `notify serve`, the subscription service, and `notify answer`."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import click

from register_api import clock
from register_api.cli.notify_options import notices
from register_api.cli.output import out
from register_api.cli.serving_options import settings_option
from register_api.cli.serving_pages import listening_options, serve_app
from register_api.errors import UsageError
from register_api.notify.answers import VERDICTS, GivenAnswer, enter_answer, fault_of
from register_api.notify.contacts import recipients_at
from register_api.notify.service.app import create_app
from register_api.notify.settings import read_notify_settings


@click.command()
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


@click.command()
@settings_option
@click.argument("version", type=click.IntRange(1))
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.option("--recipient", required=True, metavar="ADDRESS", help="Address of the contract contact.")
@click.option("--customer", help="The customer, if the address is a contact of several.")
@click.option("--reason", default="", help="The reason; required for an objection.")
@click.option(
    "--received", type=click.DateTime(["%Y-%m-%d"]), help="Date on which it was received.  [default: today]"
)
def answer(
    settings: Path | None,
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
    with notices(settings) as opened:
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
        day = (received or clock.now()).date()
        new = enter_answer(opened.database, version, found[0], given, opened.at, day)
    out.print("Recorded." if new else "That is the newest answer already.")
