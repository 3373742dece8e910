"""The command `change`: something about a sub-processor in use changes from a day on."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import click

from register_api.cli.editing import Editing, checked_id, edit_options, on_option, use_option
from register_api.core.model import EngagementSource, SubprocessorSource
from register_api.core.planned_changes import plain, settable
from register_api.errors import Malformed, UsageError
from register_api.source.toml_values import plain as plain_toml


@click.command()
@click.argument("vendor", metavar="VENDOR")
@click.argument("settings", metavar="FIELD=VALUE...", nargs=-1, required=True)
@use_option
@on_option
@click.option("--id", "plan", metavar="ID", help="Id of the planned change.  [default: field and day]")
@edit_options
def change(
    vendor: str,
    settings: tuple[str, ...],
    use: str | None,
    day: dt.date | None,
    plan: str | None,
    source: Path,
    store: Path,
    *,
    dry_run: bool,
) -> None:
    """Plan a change to a sub-processor; today's values stay in force until --on.

    VALUE is TOML, as in the source; plain words need no quotes. A field of the sub-processor takes
    precedence over a field of the engagement with the same name.

    \b
    Examples:
      register-api change acme-cloud legal_name="Acme Cloud SE" --on 2027-03-01
      register-api change acme-cloud --use hosting 'locations=[{country = "FI"}, {country = "DE"}]'
      register-api change acme-llm --use inference status=active
    """
    editing = Editing(source, store)
    values = dict(_setting(text) for text in settings)
    of_vendor = use is None and values.keys() <= settable(SubprocessorSource).keys()
    engagement = None if of_vendor else editing.edit.engagement(vendor, use).id
    if of_vendor:
        editing.edit.vendor(vendor)
    kind = SubprocessorSource if of_vendor else EngagementSource
    try:
        plain(kind, values)
    except Malformed as error:
        raise UsageError(error.message, hint=f"it can set: {', '.join(settable(kind))}") from error
    start = editing.day(day)
    name = plan or f"{next(iter(values)).replace('_', '-')}-{start}"
    planned = {
        "id": checked_id(name, "a planned change"),
        "effective_on": start.isoformat(),
        "set": values,
    }
    editing.edit.plan(vendor, engagement, planned)
    editing.finish(dry_run=dry_run)


def _setting(text: str) -> tuple[str, Any]:
    """Return field and value of ``field=value``: TOML, or else words as they stand."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"{text!r} is not a setting", hint='write it like legal_name="Acme SE"')
    try:
        return name.strip(), plain_toml(tomllib.loads(f"value = {value}")["value"])
    except (tomllib.TOMLDecodeError, KeyError, RecursionError):
        return name.strip(), value.strip()
