"""The command `fold`: write planned changes that have taken effect into the base fields."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli.editing import Editing, edit_options
from register_api.cli.output import out


@click.command()
@click.argument("vendors", metavar="[VENDOR]...", nargs=-1)
@edit_options
def fold(vendors: tuple[str, ...], source: Path, store: Path, *, dry_run: bool) -> None:
    """Fold planned changes that have taken effect into the base fields.

    Without VENDOR, of all sub-processors. Comments and order in the files are kept. Customers see no
    difference: the register states the same for every date.

    \b
    Examples:
      register-api fold
      register-api fold acme-cloud --dry-run
    """
    editing = Editing(source, store)
    chosen = vendors or tuple(item.id for item in editing.edit.draft.subprocessors)
    for name in editing.edit.fold(chosen, editing.today):
        out.print(f"Folded {name}")
    editing.finish(dry_run=dry_run)
