"""The commands that edit the source: add, end, change, cancel, replace, fold."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import Any

import click

from register_api.cli import options
from register_api.cli.editing import Editing, edits
from register_api.cli.output import out
from register_api.core.model import EngagementSource, SubprocessorSource
from register_api.core.text import is_slug
from register_api.core.timeline import PAST, plain, settable, state_on
from register_api.errors import Malformed, UsageError
from register_api.source.edit import COPIED, as_written
from register_api.source.toml_values import plain as plain_toml

_COMPANY = ("legal_name", "seat", "website")

_vendor_argument = click.argument("vendor", metavar="VENDOR")
_on_option = click.option(
    "--on",
    "day",
    type=options.day,
    metavar="DAY",
    help="Effective date.  [default: the earliest date the notice promise allows]",
)
_use_option = click.option(
    "--use", "use", metavar="ID", help="Id of the engagement; required if there are several."
)
_country_option = click.option(
    "--country", "countries", multiple=True, metavar="CODE", help="Country of processing. May be repeated."
)


_company_options = options.together(
    click.option("--legal-name", help="Name of its legal entity."),
    click.option("--seat", metavar="COUNTRY", help="Country in which it is established, e.g. DE."),
    click.option("--website", metavar="URL", help="Its website."),
)


def _checked_id(name: str, what: str) -> str:
    if not is_slug(name):
        hint = "lower-case letters, digits and single hyphens, such as acme-cloud"
        raise UsageError(f"{name!r} is not a valid id of {what}", hint=hint)
    return name


def _vendor_fields(name: str, company: dict[str, str | None], **more: Any) -> dict[str, Any]:
    return _present(name=name, **{field: company[field] for field in _COMPANY}, **more)


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, (), [], "")}


@click.command()
@_vendor_argument
@click.option("--name", help="Name of a new sub-processor; omit it to add an engagement to a listed one.")
@_company_options
@click.option("--use", metavar="ID", default="service", show_default=True, help="Id of the engagement.")
@click.option("--category", required=True, metavar="ID", help="Category of the engagement.")
@click.option("--purpose", required=True, help="Purpose, in one sentence.")
@_country_option
@click.option(
    "--scope", "scopes", multiple=True, help="Scope of the data, e.g. customer_content. May be repeated."
)
@click.option("--data", "data", multiple=True, help="A category of personal data. May be repeated.")
@click.option("--available", is_flag=True, help="It is available but not in use.")
@_on_option
@edits
def add(
    editing: Editing,
    vendor: str,
    name: str | None,
    use: str,
    category: str,
    purpose: str,
    countries: tuple[str, ...],
    scopes: tuple[str, ...],
    data: tuple[str, ...],
    day: dt.date | None,
    *,
    available: bool,
    **company: str | None,
) -> None:
    """Add a sub-processor, or another engagement of a listed one.

    Before the first version is published, an added sub-processor counts as already in use, unless --on
    gives a start date.

    \b
    Examples:
      register-api add acme-mail --name "Acme Mail" --legal-name "Acme Mail GmbH" --seat DE \\
        --category communication --purpose "Sends email to users" --country DE --scope customer_content
      register-api add acme-cloud --use backups --category infrastructure --purpose "Keeps backups" \\
        --country FI --on 2027-03-01
    """
    if available and day is not None:
        raise UsageError("what is only available does not start", hint="leave out --on or --available")
    if name is not None:
        editing.edit.add_vendor(_checked_id(vendor, "a sub-processor"), _vendor_fields(name, company))
    else:
        editing.edit.vendor(vendor)
    unstated = available or (day is None and editing.is_first_list)
    fields = _present(
        category=category,
        status="available" if available else "active",
        purpose=purpose,
        data_scope=list(scopes),
        data_categories=list(data),
        locations=[{"country": code} for code in countries],
        starts_on=None if unstated else editing.day(day).isoformat(),
    )
    editing.edit.add_engagement(vendor, _checked_id(use, "an engagement"), fields)


@click.command()
@_vendor_argument
@_use_option
@click.option(
    "--on", "day", type=options.day, required=True, metavar="DAY", help="First day without the sub-processor."
)
@edits
def end(editing: Editing, vendor: str, use: str | None, day: dt.date) -> None:
    """End a sub-processor or one of its engagements.

    --on is the first day without it. Without --use, all its current engagements end. A date in the past is
    shown as reported late. To cancel one that has not started, use register-api cancel.

    \b
    Examples:
      register-api end acme-mail --on 2027-03-01
      register-api end acme-cloud --use backups --on 2027-03-01
    """
    listed = editing.edit.vendor(vendor)
    running = [
        item
        for item in ([editing.edit.engagement(vendor, use)] if use is not None else listed.engagements)
        if item.status != "available" and state_on(listed, item, editing.today) not in PAST
    ]
    if not running:
        hint = f"register-api show --on {editing.today}"
        raise UsageError(f"{vendor} has no use that could end", hint=hint)
    for item in running:
        editing.edit.set_engagement(vendor, item.id, {"ends_on": day.isoformat()})


@click.command()
@_vendor_argument
@click.argument("settings", metavar="FIELD=VALUE...", nargs=-1, required=True)
@_use_option
@_on_option
@click.option("--id", "plan", metavar="ID", help="Id of the planned change.  [default: field and day]")
@edits
def change(
    editing: Editing,
    vendor: str,
    settings: tuple[str, ...],
    use: str | None,
    day: dt.date | None,
    plan: str | None,
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
    values = dict(_setting(text) for text in settings)
    editing.edit.vendor(vendor)
    of_vendor = use is None and values.keys() <= settable(SubprocessorSource).keys()
    engagement = None if of_vendor else editing.edit.engagement(vendor, use).id
    kind = SubprocessorSource if of_vendor else EngagementSource
    try:
        plain(kind, values)
    except Malformed as error:
        raise UsageError(error.message, hint=f"it can set: {', '.join(settable(kind))}") from error
    start = editing.day(day)
    name = _checked_id(plan or f"{next(iter(values)).replace('_', '-')}-{start}", "a planned change")
    editing.edit.plan(vendor, engagement, {"id": name, "effective_on": start.isoformat(), "set": values})


def _setting(text: str) -> tuple[str, Any]:
    """Parse ``field=value``; a value that is not valid TOML is taken as plain text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"{text!r} is not a setting", hint='write it like legal_name="Acme SE"')
    try:
        return name.strip(), plain_toml(tomllib.loads(f"value = {value}")["value"])
    except (tomllib.TOMLDecodeError, KeyError, RecursionError):
        return name.strip(), value.strip()


@click.command()
@_vendor_argument
@_use_option
@click.option("--change", "planned", metavar="ID", help="Id of the planned change to cancel.")
@click.option("--reason", required=True, help="The reason, in one sentence for your customers.")
@edits
def cancel(editing: Editing, vendor: str, use: str | None, planned: str | None, reason: str) -> None:
    """Cancel an announced engagement or planned change before its effective date.

    It stays visible, with the reason, and never takes effect. To end an engagement that has started, use
    register-api end.

    \b
    Examples:
      register-api cancel acme-mail --reason "Customers objected"
      register-api cancel acme-cloud --use hosting --change locations-2027-03-01 --reason "Not needed"
    """
    of_vendor = use is None and planned in {item.id for item in editing.edit.vendor(vendor).planned}
    engagement = None if of_vendor else editing.edit.engagement(vendor, use).id
    if not reason.strip():
        raise UsageError("a cancellation needs a reason", hint="--reason, in a sentence for your customers")
    editing.edit.cancel(vendor, engagement, planned, reason)


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--name", required=True, help="Name of the new sub-processor.")
@_company_options
@_country_option
@_use_option
@_on_option
@edits
def replace(
    editing: Editing,
    old: str,
    new: str,
    name: str,
    countries: tuple[str, ...],
    use: str | None,
    day: dt.date | None,
    **company: str | None,
) -> None:
    """Replace a sub-processor: NEW starts on the day on which OLD ends.

    Purpose and data are copied from OLD; processing locations are not.

    \b
    Example:
      register-api replace old-mail acme-mail --name "Acme Mail" --seat DE --country DE --on 2027-03-01
    """
    replaced = editing.edit.engagement(old, use)
    start = editing.day(day).isoformat()
    fields = _vendor_fields(name, company, replaces=[old])
    editing.edit.add_vendor(_checked_id(new, "a sub-processor"), fields)
    written = as_written(replaced)
    fields = {field: written[field] for field in COPIED if field in written}
    fields |= _present(locations=[{"country": code} for code in countries], starts_on=start)
    editing.edit.add_engagement(new, replaced.id, fields)
    editing.edit.set_engagement(old, replaced.id, {"ends_on": start})


@click.command()
@click.argument("vendors", metavar="[VENDOR]...", nargs=-1)
@edits
def fold(editing: Editing, vendors: tuple[str, ...]) -> None:
    """Fold planned changes that have taken effect into the base fields.

    Without VENDOR, of all sub-processors. Comments and order in the files are kept. Customers see no
    difference: the register states the same for every date.

    \b
    Examples:
      register-api fold
      register-api fold acme-cloud --dry-run
    """
    chosen = vendors or tuple(item.id for item in editing.edit.draft.subprocessors)
    for name in editing.edit.fold(chosen, editing.today):
        out.print(f"Folded {name}")
