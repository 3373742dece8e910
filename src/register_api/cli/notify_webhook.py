"""Commands on endpoints of webhooks and chats: add, test, list, remove, key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.notify_options import Notices, interest_options, with_notices
from register_api.cli.output import out, print_json
from register_api.core.instant import format_instant, instant_of
from register_api.core.text import escaped
from register_api.errors import NotifyError, UsageError
from register_api.notify import endpoints as kept
from register_api.notify.endpoints import Endpoint, try_endpoint
from register_api.sending.webhook import make_key, public_key_text, read_key


@click.group()
def webhook() -> None:
    """Manage endpoints that are notified of each version: webhooks, Slack and Teams.

    \b
    Examples:
      register-api notify webhook add https://hooks.customer.example/register --owner it@customer.example
      register-api notify webhook test 0123456789abcdef0123456789abcdef --settings notify.toml
    """


@webhook.command()
@with_notices
@click.argument("url")
@click.option("--owner", required=True, metavar="ADDRESS", help="Mail address to notify when it fails.")
@click.option(
    "--format", type=click.Choice(["webhook", "slack", "teams"]), default="webhook", show_default=True,
    help="Signed event, or chat message.",
)  # fmt: skip
@click.option("--customer", default="", help="Your reference for the customer whose contract names it.")
@interest_options
def add(opened: Notices, url: str, **given: Any) -> None:
    """Add an endpoint; nothing is sent to it until `test` has succeeded.

    URL is its address, or - to read it from standard input: a chat's URL is a secret that should not be on
    a command line. The secret of a webhook is shown once.

    \b
    Examples:
      register-api notify webhook add https://hooks.customer.example/register --owner it@customer.example
      register-api notify webhook add - --format slack --owner privacy@example.com < slack-url.txt
    """
    address = sys.stdin.readline().strip() if url == "-" else url
    made = kept.add_endpoint(opened.database, kept.NewEndpoint(url=address, **given), opened.at)
    out.print(f"Added {made.id}.")
    if made.secret:
        out.print(f"Secret: {made.secret}", soft_wrap=True)
    out.print(f"Then: register-api notify webhook test {made.id}", soft_wrap=True)


@webhook.command()
@with_notices
@click.argument("identity", metavar="ID")
def test(opened: Notices, identity: str) -> None:
    """Send a test message to an endpoint; if accepted, the endpoint is notified of each version from now on.

    A webhook must return the challenge of the event in its response.

    \b
    Example:
      register-api notify webhook test 0123456789abcdef0123456789abcdef --settings notify.toml
    """
    found = kept.endpoint_of(opened.database, identity)
    problem = try_endpoint(opened.settings, found, clock.now)
    if problem:
        raise NotifyError(f"{found.shown}: {problem}")
    kept.prove(opened.database, identity)
    out.print("It has taken the test message, and is told of each version from now on.")


@webhook.command("list")
@with_notices
@options.json_option
def list_(opened: Notices, as_json: bool) -> None:
    """List endpoints and which of them fail; only the host of each URL is shown.

    \b
    Example:
      register-api notify webhook list --settings notify.toml
    """
    found = kept.endpoints(opened.database)
    if as_json:
        print_json([each.printable() for each in found])
        return
    for each in found:
        said = (each.customer, each.channel, each.shown or "", each.owner, each.products or "all products")
        out.print("  ".join(escaped(text) for text in (each.id, _state(each), *said) if text), soft_wrap=True)


def _state(found: Endpoint) -> str:
    if found.ended_at is not None:
        return f"switched off {format_instant(instant_of(found.ended_at))}: {found.reply}"
    if found.failing_since is not None:
        return f"failing since {format_instant(instant_of(found.failing_since))}: {found.reply}"
    return "not tested" if found.condition == "pending" else found.condition


@webhook.command()
@with_notices
@click.argument("identity", metavar="ID")
@click.option("--contract-ended", is_flag=True, help="The contract has ended: no further notice is owed.")
def remove(opened: Notices, identity: str, contract_ended: bool) -> None:
    """Remove an endpoint with its URL and secret; the record of what it was sent, and when, remains.

    \b
    Example:
      register-api notify webhook remove 0123456789abcdef0123456789abcdef --settings notify.toml
    """
    kept.remove_endpoint(opened.database, identity, opened.at, ended=contract_ended)
    out.print("Removed.")


@webhook.command()
@with_notices
def key(opened: Notices) -> None:
    """Print the public key that signs events; create the key file (`webhook_key`) if missing.

    \b
    Example:
      register-api notify webhook key --settings notify.toml
    """
    named = opened.settings.webhook_key
    if not named:
        raise UsageError("[notify] names no webhook_key", hint="docs/webhooks.md")
    path = Path(named)
    out.print(public_key_text(read_key(path) if path.exists() else make_key(path)), soft_wrap=True)
