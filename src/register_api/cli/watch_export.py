"""The command ``watch export``."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli.output import out
from register_api.cli.serving_options import settings_option
from register_api.cli.watch_options import watching
from register_api.files import durable
from register_api.watch.export import FILES, Watched


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--only", type=click.Choice([*FILES]), multiple=True, metavar="FILE", help="This file; may be repeated."
)
@settings_option
def export(folder: Path, only: tuple[str, ...], settings: Path | None) -> None:
    """Write news, deadlines and vendors into FOLDER, for spreadsheets, calendars and other programs.

    \b
    Examples:
      register-api watch export out --settings watch.toml
      register-api watch export out --only deadlines.ics --settings watch.toml
    """
    with watching(settings) as opened:
        watched = Watched.of(opened.database, opened.now, opened.settings.time_zone)
    folder.mkdir(parents=True, exist_ok=True)
    for name in only or FILES:
        durable.replace(folder / name, FILES[name](watched))
        out.print(str(folder / name))
