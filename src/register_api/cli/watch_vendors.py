"""Commands on vendors: list, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from register_api.cli import options
from register_api.cli.output import out, print_json
from register_api.cli.serving_options import settings_option
from register_api.cli.watch_options import watching
from register_api.core.printable import escaped
from register_api.watch import vendors as kept

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def vendors() -> None:
    """Vendors whose registers are watched.

    \b
    Example:
      register-api watch vendors list --settings watch.toml
    """


@vendors.command("list")
@settings_option
@options.json_option
def list_(settings: Path | None, as_json: bool) -> None:
    """List vendors with where their registers are.

    \b
    Example:
      register-api watch vendors list --settings watch.toml --json
    """
    with watching(settings) as opened:
        found = kept.all_vendors(opened.database)
    if as_json:
        print_json(found)
        return
    for vendor in found:
        where = vendor.register or f"no register; {vendor.page or vendor.website or 'no page known'}"
        said = (vendor.id, vendor.name, where, vendor.owner, "critical" if vendor.critical else "")
        out.print("  ".join(escaped(text) for text in said if text))


@vendors.command()
@settings_option
@click.argument("vendor")
def remove(settings: Path | None, vendor: str) -> None:
    """Watch a vendor no longer; what is known of it, and what was decided, stays.

    \b
    Example:
      register-api watch vendors remove acme --settings watch.toml
    """
    with watching(settings) as opened:
        kept.remove(opened.database, vendor, opened.at)
    out.print(f"{vendor} is not watched any more.")
