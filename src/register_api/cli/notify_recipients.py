"""Commands on recipients of notices: contract contacts, webhooks and chat endpoints."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from register_api import clock
from register_api.cli import options
from register_api.cli.database_options import Notices, answer, counted, refuse_faults, with_notices
from register_api.cli.output import out, print_json
from register_api.core.instant import format_instant, instant_of
from register_api.core.language.language import count
from register_api.core.text import escaped
from register_api.errors import NotifyError, UsageError
from register_api.files.durable import read_bounded
from register_api.files.hand_written import MAX_BYTES
from register_api.notify import contacts as contact_store
from register_api.notify import endpoints, persons
from register_api.notify.contacts import ContactRow, faults_of, normal, read_contacts
from register_api.notify.endpoints import Endpoint, NewEndpoint, send_test_message
from register_api.sending.webhook import make_key, public_key_text, read_key

_interest_options = options.together(
    click.option("--products", default="", help="Ids of products, separated by spaces.  [default: all]"),
    click.option("--language", default="en", show_default=True, help="Language of the messages."),
    click.option(
        "--hears",
        type=click.Choice(["all", "important"]),
        default="all",
        show_default=True,
        help="Which changes to notify of: all, or important ones.",
    ),
)
_id_argument = click.argument("identity", metavar="ID")
_contract_ended_option = click.option(
    "--contract-ended", is_flag=True, help="The contract has ended: no further notice is owed."
)


@click.group()
def contacts() -> None:
    """Manage contract contacts, to whom notice is owed; a contact leaves only when replaced.

    \b
    Examples:
      register-api notify contacts import contacts.csv --settings notify.toml
      register-api notify contacts list --settings notify.toml
    """


@contacts.command("import")
@with_notices
@click.argument("file", type=options.PATH)
def import_contacts(opened: Notices, file: Path) -> None:
    """Import contacts from a CSV file: all rows, or none if a row is invalid.

    Columns: customer and email; optionally name, products (ids, or all), language (en or de), hears (all or
    important) and replaces (the address of the contact that this one replaces). Existing contacts are
    updated; nobody is removed.

    \b
    Example:
      register-api notify contacts import contacts.csv --settings notify.toml
    """
    found = read_contacts(read_bounded(file, MAX_BYTES))
    refuse_faults(file, found.faults, NotifyError, "contacts")
    _import(opened, file, found.contacts)


@contacts.command("add")
@with_notices
@click.option("--customer", required=True, help="Your reference for the customer.")
@click.option("--email", required=True, help="Address of the contact.")
@click.option("--name", default="", help="Name of the contact.")
@_interest_options
@click.option(
    "--replaces", default="", metavar="ADDRESS", help="Address of the contact that this one replaces."
)
def add_contact(opened: Notices, **given: str) -> None:
    """Add or update a contact; with --replaces, in place of another.

    \b
    Example:
      register-api notify contacts add --customer C17 --email legal@customer.example --settings notify.toml
    """
    row = {name: value for name, value in normal(given).items() if value or name in {"email", "customer"}}
    if faults := faults_of(row):
        raise UsageError("; ".join(faults))
    _import(opened, None, {1: msgspec.convert(row, ContactRow)})


def _import(opened: Notices, file: Path | None, found: Mapping[int, ContactRow]) -> None:
    done = contact_store.import_contacts(opened.database, found, opened.at)
    refuse_faults(file, done.faults, NotifyError, "contacts")
    out.print(f"{counted(done.done)}.")
    if file and done.absent:
        out.print(f"{count(done.absent, 'active contact')} not in this file: still notified.")


@contacts.command("list")
@with_notices
@options.json_option
def list_contacts(opened: Notices, as_json: bool) -> None:
    """List recipients with their addresses.

    \b
    Example:
      register-api notify contacts list --settings notify.toml --json
    """
    found = contact_store.list_recipients(opened.database)
    rows = (
        (each.state, each.language, each.customer, each.address, each.name, _products(each), each.hears)
        for each in found
    )
    answer([each.printable() for each in found], map(_line, rows), as_json=as_json)


def _products(each: persons.Recipient) -> str:
    return each.products or "all products"


def _line(texts: Iterable[str | None]) -> str:
    return "  ".join(escaped(text) for text in texts if text)


@contacts.command("export")
@with_notices
@click.argument("address")
def export_person(opened: Notices, address: str) -> None:
    """Print all data stored about a person, as JSON (GDPR Article 15).

    \b
    Example:
      register-api notify contacts export legal@customer.example --settings notify.toml
    """
    print_json(persons.export_person(opened.database, address))


@contacts.command("erase")
@with_notices
@click.argument("address")
@click.option(
    "--successor", default="", metavar="ADDRESS", help="Contact of the same customer to notify from now on."
)
@_contract_ended_option
def erase_person(opened: Notices, address: str, successor: str, contract_ended: bool) -> None:
    """Erase a person's address, name and emails; the record that a notice was sent, and when, remains.

    \b
    Example:
      register-api notify contacts erase old@customer.example --successor new@customer.example
    """
    found = persons.erase(opened.database, address, opened.at, successor=successor, ended=contract_ended)
    out.print(f"{count(found, 'recipient')} erased.")


@click.group()
def webhook() -> None:
    """Manage endpoints that are notified of each version: webhooks, Slack and Teams.

    \b
    Examples:
      register-api notify webhook add https://hooks.customer.example/register --owner it@customer.example
      register-api notify webhook test 0123456789abcdef0123456789abcdef --settings notify.toml
    """


@webhook.command("add")
@with_notices
@click.argument("url")
@click.option("--owner", required=True, metavar="ADDRESS", help="Email address to notify when it fails.")
@click.option(
    "--format", type=click.Choice(["webhook", "slack", "teams"]), default="webhook", show_default=True,
    help="Signed event, or chat message.",
)  # fmt: skip
@click.option("--customer", default="", help="Your reference for the customer whose contract names it.")
@_interest_options
def add_endpoint(opened: Notices, url: str, **given: Any) -> None:
    """Add an endpoint; nothing is sent to it until `test` has succeeded.

    URL is its address, or - to read it from standard input: a chat's URL is a secret that should not be on
    a command line. The secret of a webhook is shown once.

    \b
    Examples:
      register-api notify webhook add https://hooks.customer.example/register --owner it@customer.example
      register-api notify webhook add - --format slack --owner privacy@example.com < slack-url.txt
    """
    address = sys.stdin.readline().strip() if url == "-" else url
    made = endpoints.add_endpoint(opened.database, NewEndpoint(url=address, **given), opened.at)
    out.print(f"Added {made.id}.")
    if made.secret:
        out.print(f"Secret: {made.secret}")
    out.print(f"Then: register-api notify webhook test {made.id}")


@webhook.command("test")
@with_notices
@_id_argument
def test_endpoint(opened: Notices, identity: str) -> None:
    """Send a test message to an endpoint; if accepted, the endpoint is notified of each version from now on.

    A webhook must return the challenge of the event in its response.

    \b
    Example:
      register-api notify webhook test 0123456789abcdef0123456789abcdef --settings notify.toml
    """
    found = endpoints.endpoint_of(opened.database, identity)
    problem = send_test_message(opened.settings, found, clock.now)
    if problem:
        raise NotifyError(f"{found.display_address}: {problem}")
    endpoints.activate(opened.database, identity)
    out.print("It has taken the test message, and is notified of each version from now on.")


@webhook.command("list")
@with_notices
@options.json_option
def list_endpoints(opened: Notices, as_json: bool) -> None:
    """List endpoints and which of them fail; only the host of each URL is shown.

    \b
    Example:
      register-api notify webhook list --settings notify.toml
    """
    found = endpoints.endpoints(opened.database)
    rows = (
        (
            each.id,
            _state(each),
            each.customer,
            each.channel,
            each.display_address,
            each.owner,
            _products(each),
        )
        for each in found
    )
    answer([each.printable() for each in found], map(_line, rows), as_json=as_json)


def _state(found: Endpoint) -> str:
    if found.ended_at is not None:
        return f"switched off {format_instant(instant_of(found.ended_at))}: {found.reply}"
    if found.failing_since is not None:
        return f"failing since {format_instant(instant_of(found.failing_since))}: {found.reply}"
    return "not tested" if found.condition == "pending" else found.condition


@webhook.command("remove")
@with_notices
@_id_argument
@_contract_ended_option
def remove_endpoint(opened: Notices, identity: str, contract_ended: bool) -> None:
    """Remove an endpoint with its URL and secret; the record of what it was sent, and when, remains.

    \b
    Example:
      register-api notify webhook remove 0123456789abcdef0123456789abcdef --settings notify.toml
    """
    endpoints.remove_endpoint(opened.database, identity, opened.at, ended=contract_ended)
    out.print("Removed.")


@webhook.command("key")
@with_notices
def webhook_key(opened: Notices) -> None:
    """Print the public key that signs events; create the key file (`webhook_key`) if missing.

    \b
    Example:
      register-api notify webhook key --settings notify.toml
    """
    named = opened.settings.webhook_key
    if not named:
        raise UsageError("[notify] names no webhook_key", hint="docs/webhooks.md")
    path = Path(named)
    out.print(public_key_text(read_key(path) if path.exists() else make_key(path)))
