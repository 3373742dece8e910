"""The command `cancel`: what was announced will not come."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli.editing import Editing, edit_options, use_option
from register_api.errors import UsageError


@click.command()
@click.argument("vendor", metavar="VENDOR")
@use_option
@click.option("--change", "planned", metavar="ID", help="Id of the planned change to cancel.")
@click.option("--reason", required=True, help="The reason, in one sentence for your customers.")
@edit_options
def cancel(
    vendor: str,
    use: str | None,
    planned: str | None,
    reason: str,
    source: Path,
    store: Path,
    *,
    dry_run: bool,
) -> None:
    """Cancel an announced engagement or planned change before its effective date.

    It stays visible, with the reason, and never takes effect. To end an engagement that has started, use
    register-api end.

    \b
    Examples:
      register-api cancel acme-mail --reason "Customers objected"
      register-api cancel acme-cloud --use hosting --change locations-2027-03-01 --reason "Not needed"
    """
    editing = Editing(source, store)
    listed = editing.edit.vendor(vendor)
    of_vendor = planned is not None and use is None and planned in {item.id for item in listed.planned}
    engagement = None if of_vendor else editing.edit.engagement(vendor, use).id
    if not reason.strip():
        raise UsageError("a cancellation needs a reason", hint="--reason, in a sentence for your customers")
    editing.edit.cancel(vendor, engagement, planned, reason)
    editing.finish(dry_run=dry_run)
