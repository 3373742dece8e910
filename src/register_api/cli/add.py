"""The command `add`: a new sub-processor, or a further use of one."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from register_api.cli.editing import Editing, checked_id, edit_options, on_option, stated
from register_api.errors import UsageError


@click.command()
@click.argument("vendor", metavar="VENDOR")
@click.option("--name", help="Name of a new sub-processor; omit it to add an engagement to a listed one.")
@click.option("--legal-name", help="Name of its legal entity.")
@click.option("--seat", metavar="COUNTRY", help="Country in which it is established, e.g. DE.")
@click.option("--website", metavar="URL", help="Its website.")
@click.option("--use", metavar="ID", default="service", show_default=True, help="Id of the engagement.")
@click.option("--category", required=True, metavar="ID", help="Category of the engagement.")
@click.option("--purpose", required=True, help="Purpose, in one sentence.")
@click.option(
    "--country", "countries", multiple=True, metavar="CODE", help="Country of processing. May be repeated."
)
@click.option(
    "--scope", "scopes", multiple=True, help="Scope of the data, e.g. customer_content. May be repeated."
)
@click.option("--data", "data", multiple=True, help="A category of personal data. May be repeated.")
@click.option("--available", is_flag=True, help="It is available but not in use.")
@on_option
@edit_options
def add(
    vendor: str,
    name: str | None,
    legal_name: str | None,
    seat: str | None,
    website: str | None,
    use: str,
    category: str,
    purpose: str,
    countries: tuple[str, ...],
    scopes: tuple[str, ...],
    data: tuple[str, ...],
    day: dt.date | None,
    source: Path,
    store: Path,
    *,
    available: bool,
    dry_run: bool,
) -> None:
    """Add a sub-processor, or another engagement of a listed one.

    Before the first version is published, an added sub-processor counts as already in use, unless --on
    gives a start date.

    \b
    Examples:
      register-api add acme-mail --name "Acme Mail" --legal-name "Acme Mail GmbH" --seat DE \\
        --category communication --purpose "Sends e-mail to users" --country DE --scope customer_content
      register-api add acme-cloud --use backups --category infrastructure --purpose "Keeps backups" \\
        --country FI --on 2027-03-01
    """
    if available and day is not None:
        raise UsageError("what is only available does not start", hint="leave out --on or --available")
    editing = Editing(source, store)
    if name is not None:
        fields = stated(name=name, legal_name=legal_name, seat=seat, website=website)
        editing.edit.add_vendor(checked_id(vendor, "a sub-processor"), fields)
    else:
        editing.edit.vendor(vendor)
    unstated = available or (day is None and editing.is_first_list)
    fields = stated(
        category=category,
        status="available" if available else "active",
        purpose=purpose,
        data_scope=list(scopes),
        data_categories=list(data),
        locations=[{"country": code} for code in countries],
        starts_on=None if unstated else editing.day(day).isoformat(),
    )
    editing.edit.add_engagement(vendor, checked_id(use, "an engagement"), fields)
    editing.finish(dry_run=dry_run)
