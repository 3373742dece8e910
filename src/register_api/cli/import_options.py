"""Options of import, by what they are about: the tables, the register, the history."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from register_api.cli import options
from register_api.cli.options import Command
from register_api.core.forms import MAX_DAYS
from register_api.core.model import Status
from register_api.importer.cell_values import LINKED
from register_api.importer.columns import DROP, EXTRA, NAMES
from register_api.importer.table import FILE_FORMATS

_FIELDS = (*NAMES, EXTRA, DROP)
_NO_DEFAULT = ("name", "status", "category", "transfers")


class _Pair(click.ParamType["tuple[str, str]"]):
    """``LEFT=RIGHT``, where one side is the name of a field."""

    name = "pair"

    def __init__(self, *, field_first: bool) -> None:
        """Say on which side the field stands."""
        self._field_first = field_first

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return both sides."""
        if isinstance(value, tuple):
            return value
        left, equals, right = value.partition("=") if self._field_first else value.rpartition("=")
        field = left if self._field_first else right
        known = [name for name in NAMES if name not in _NO_DEFAULT] if self._field_first else _FIELDS
        if not equals or not left or not right or field not in known:
            form = "FIELD=TEXT" if self._field_first else "COLUMN=FIELD"
            self.fail(f"{value!r} is not {form}; fields are {', '.join(known)}", param, ctx)
        return left, right


def table_options(command: Command) -> Command:
    """Add the options that say how tables are read."""
    for add in (
        click.option(
            "--clean", is_flag=True, help="Remove invisible characters from texts, and report each one."
        ),
        click.option(
            "--links",
            type=click.Choice(sorted(LINKED)),
            help="Field that takes the link of a name.  [default: kept under extra]",
        ),
        click.option(
            "--default",
            "defaults",
            type=_Pair(field_first=True),
            multiple=True,
            metavar="FIELD=TEXT",
            help="Value of a field where a row has none, e.g. locations=varies.",
        ),
        click.option("--category", help="Category of rows that have none.  [default: Sub-processors]"),
        click.option(
            "--status",
            type=click.Choice(get_args(Status)),
            help="Status of rows that have none.  [default: active]",
        ),
        click.option(
            "--table",
            "tables",
            type=click.IntRange(1),
            multiple=True,
            metavar="N",
            help=(
                "Read only this table of the page. May be repeated.  [default: all, if they have one header]"
            ),
        ),
        click.option(
            "--column",
            "columns",
            type=_Pair(field_first=False),
            multiple=True,
            metavar="COLUMN=FIELD",
            help="Map a column to a field; extra publishes it under its own name, drop ignores it.  "
            "[default: by its name, else drop]",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(FILE_FORMATS),
            help="Format of the files.  [default: by file name]",
        ),
    ):
        command = add(command)
    return command


def register_options(command: Command) -> Command:
    """Add the options that are used where there is no register.toml yet."""
    for add in (
        click.option("--notice-days", type=click.IntRange(0, MAX_DAYS), help="Days of notice promised."),
        click.option(
            "--as-stated",
            is_flag=True,
            help="Use the date and the notice period stated on the page itself.",
        ),
        click.option("--language", help="Language of the texts.  [default: en]"),
        click.option("--time-zone", help="The publisher's time zone.  [default: UTC]"),
        click.option(
            "--updated-on", type=click.DateTime(["%Y-%m-%d"]), help="Date of the content.  [default: today]"
        ),
        click.option("--publisher", help="The publisher's name, for a new source."),
        click.option("--register", help="The register's permanent name, e.g. example.com/sub-processors."),
    ):
        command = add(command)
    return command


def history_options(command: Command) -> Command:
    """Add the options that publish old states."""
    for add in (
        click.option(
            "--base-url",
            envvar="REGISTER_BASE_URL",
            show_envvar=True,
            type=options.BaseUrlParam(),
            help="URL of the tree instead of the register's own, for a trial.",
        ),
        click.option("--subjects", is_flag=True, help="Also publish the first line of each commit message."),
        click.option(
            "--skip",
            multiple=True,
            metavar="STATE",
            help="Skip a state, given by the start of its commit hash or by its number. May be repeated.",
        ),
        click.option(
            "--date",
            type=click.Choice(["committer", "author"]),
            default="committer",
            show_default=True,
            help="Which date of a commit to use.",
        ),
        click.option("--since", metavar="REV", help="Start at this revision."),
        click.option(
            "--history",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Publish the dated states of a JSON file.",
        ),
        click.option(
            "--git", nargs=2, metavar="REPO PATH", help="Publish the versions of a file in a Git repository."
        ),
    ):
        command = add(command)
    return command
