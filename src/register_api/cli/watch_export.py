"""The command ``watch export``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from register_api.cli.output import out
from register_api.cli.serving_options import settings_option
from register_api.cli.watch_options import watching
from register_api.files import durable
from register_api.sending.webhook import read_key
from register_api.watch.export import FILES, Watched
from register_api.watch.register_list import signed_list


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--only",
    type=click.Choice([*FILES]),
    multiple=True,
    metavar="FILE",
    help="Write only this file. May be repeated.",
)
@click.option(
    "--registers",
    type=click.Path(path_type=Path),
    metavar="KEY",
    help="Write only registers.jws: the list of known registers, signed with the key in this file.",
)
@settings_option
def export(folder: Path, only: tuple[str, ...], registers: Path | None, settings: Path | None) -> None:
    """Export news, deadlines and vendors to FOLDER, for spreadsheets, calendars and other programs.

    \b
    Examples:
      register-api watch export out --settings watch.toml
      register-api watch export out --only deadlines.ics --settings watch.toml
    """
    with watching(settings) as opened:
        if registers is not None:
            files = {"registers.jws": signed_list(opened.database, read_key(registers, "key"), opened.now)}
            _write(folder, files)
            return
        watched = Watched.of(opened.database, opened.now, opened.settings.time_zone)
    _write(folder, {name: FILES[name](watched) for name in only or FILES})


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        durable.replace(folder / name, data)
        out.print(str(folder / name))
