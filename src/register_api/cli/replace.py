"""The command `replace`: one sub-processor takes another's place from a day on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from register_api.cli.editing import Editing, checked_id, edit_options, on_option, stated, use_option
from register_api.source.edit import COPIED, as_written


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--name", required=True, help="Name of the new sub-processor.")
@click.option("--legal-name", help="Name of its legal entity.")
@click.option("--seat", metavar="COUNTRY", help="Country in which it is established, e.g. DE.")
@click.option("--website", metavar="URL", help="Its website.")
@click.option(
    "--country", "countries", multiple=True, metavar="CODE", help="Country of processing. May be repeated."
)
@use_option
@on_option
@edit_options
def replace(
    old: str,
    new: str,
    name: str,
    legal_name: str | None,
    seat: str | None,
    website: str | None,
    countries: tuple[str, ...],
    use: str | None,
    day: dt.date | None,
    source: Path,
    store: Path,
    *,
    dry_run: bool,
) -> None:
    """Replace a sub-processor: NEW starts on the day on which OLD ends.

    Purpose and data are copied from OLD; processing locations are not.

    \b
    Example:
      register-api replace old-mail acme-mail --name "Acme Mail" --seat DE --country DE --on 2027-03-01
    """
    editing = Editing(source, store)
    replaced = editing.edit.engagement(old, use)
    start = editing.day(day).isoformat()
    fields = stated(name=name, legal_name=legal_name, seat=seat, website=website, replaces=[old])
    editing.edit.add_vendor(checked_id(new, "a sub-processor"), fields)
    written = as_written(replaced)
    fields = {field: written[field] for field in COPIED if field in written}
    fields |= stated(locations=[{"country": code} for code in countries], starts_on=start)
    editing.edit.add_engagement(new, replaced.id, fields)
    editing.edit.set_engagement(old, replaced.id, {"ends_on": start})
    editing.finish(dry_run=dry_run)
