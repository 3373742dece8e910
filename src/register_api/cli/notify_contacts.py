"""Commands on contract contacts: import, add, list, export, erase."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from register_api.cli import options
from register_api.cli.notify_options import Notices, interest_options, with_notices
from register_api.cli.output import err, out, print_json
from register_api.core.language.language import count
from register_api.core.text import escaped
from register_api.errors import NotifyError, UsageError
from register_api.files.hand_written import MOST_BYTES, RowFault
from register_api.notify import contacts as kept
from register_api.notify import persons
from register_api.notify.contacts import ContactRow, faults_of, normal, read_contacts


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
@click.argument("file", type=click.Path(path_type=Path))
def import_(opened: Notices, file: Path) -> None:
    """Import contacts from a CSV file: all rows, or none if a row is invalid.

    Columns: customer and email; optionally name, products (ids, or all), language (en or de), hears (all or
    important) and replaces (the address of the contact that this one replaces). Existing contacts are
    updated; nobody is removed.

    \b
    Example:
      register-api notify contacts import contacts.csv --settings notify.toml
    """
    try:
        with file.open("rb") as opened_file:
            found = read_contacts(opened_file.read(MOST_BYTES + 1))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    if found.faults:
        _refuse(str(file), found.faults)
    _put(opened, str(file), found.contacts)


@contacts.command()
@with_notices
@click.option("--customer", required=True, help="Your reference for the customer.")
@click.option("--email", required=True, help="Address of the contact.")
@click.option("--name", default="", help="Name of the contact.")
@interest_options
@click.option(
    "--replaces", default="", metavar="ADDRESS", help="Address of the contact that this one replaces."
)
def add(opened: Notices, **given: str) -> None:
    """Add or update a contact; with --replaces, in place of another.

    \b
    Example:
      register-api notify contacts add --customer C17 --email legal@customer.example --settings notify.toml
    """
    row = {name: value for name, value in normal(given).items() if value or name in {"email", "customer"}}
    if faults := faults_of(row):
        raise UsageError("; ".join(faults))
    _put(opened, "", {1: msgspec.convert(row, ContactRow)})


def _put(opened: Notices, file: str, found: Mapping[int, ContactRow]) -> None:
    done = kept.import_contacts(opened.database, found, opened.at)
    if done.faults:
        _refuse(file, done.faults)
    out.print(", ".join(f"{number} {what}" for what, number in done.done.items()) + ".")
    if file and done.absent:
        out.print(f"{count(done.absent, 'active contact')} not in this file: still told.")


def _refuse(file: str, faults: list[RowFault]) -> None:
    for fault in sorted(faults):
        err.print(f"{file}:{fault.line}: {fault.words}" if file else fault.words)
    raise NotifyError(f"{count(len(faults), 'fault')} in the contacts; nothing was imported")


@contacts.command("list")
@with_notices
@options.json_option
def list_(opened: Notices, as_json: bool) -> None:
    """List recipients with their addresses.

    \b
    Example:
      register-api notify contacts list --settings notify.toml --json
    """
    found = kept.list_recipients(opened.database)
    if as_json:
        print_json([each.printable() for each in found])
        return
    for each in found:
        said = (each.customer, each.address or "", each.name, each.products or "all products", each.hears)
        out.print("  ".join(escaped(text) for text in (each.state, each.language, *said) if text))


@contacts.command()
@with_notices
@click.argument("address")
def export(opened: Notices, address: str) -> None:
    """Print all data stored about a person, as JSON (GDPR Article 15).

    \b
    Example:
      register-api notify contacts export legal@customer.example --settings notify.toml
    """
    print_json(persons.export_person(opened.database, address))


@contacts.command()
@with_notices
@click.argument("address")
@click.option(
    "--successor", default="", metavar="ADDRESS", help="Contact of the same customer to notify from now on."
)
@click.option("--contract-ended", is_flag=True, help="The contract has ended: no further notice is owed.")
def erase(opened: Notices, address: str, successor: str, contract_ended: bool) -> None:
    """Erase a person's address, name and mails; the record that a notice was sent, and when, remains.

    \b
    Example:
      register-api notify contacts erase old@customer.example --successor new@customer.example
    """
    found = persons.erase(opened.database, address, opened.at, successor=successor, ended=contract_ended)
    out.print(f"{count(found, 'recipient')} erased.")
