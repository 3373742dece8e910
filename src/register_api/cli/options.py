"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from register_api.core.instant import check_fresh_for, parse_day
from register_api.core.text import base_url_problem

Command = TypeVar("Command", bound="Callable[..., Any]")

PROGRESS = "progress"
"""Where ``--progress`` is kept in a command's context, for ``output.progress``."""


class InstantParam(click.ParamType["dt.datetime"]):
    """An instant such as ``2026-05-10T09:00:00Z``: with a time zone, whole seconds."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """Return the instant in UTC."""
        if isinstance(value, dt.datetime):
            return value
        try:
            instant = dt.datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time; write it like 2026-05-10T09:00:00Z", param, ctx)
        if instant.tzinfo is None or instant.microsecond:
            self.fail(f"{value!r} needs a time zone and whole seconds, like 2026-05-10T09:00:00Z", param, ctx)
        return instant.astimezone(dt.UTC)


class BaseUrlParam(click.ParamType[str]):
    """The address of a tree's root, such as ``https://trust.example.com/``."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address with its last slash."""
        url = value if value.endswith("/") else f"{value}/"
        problem = base_url_problem(url)
        if problem is not None:
            self.fail(f"{value!r} {problem}; write it like https://trust.example.com/", param, ctx)
        return str(url)


class DayParam(click.ParamType["dt.date"]):
    """A day such as ``2026-05-10``, in the publisher's time zone."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """Return the day."""
        try:
            return value if isinstance(value, dt.date) else parse_day(value)
        except ValueError:
            self.fail(f"{value!r} is not a date; write it like 2026-05-10", param, ctx)


class InstantOrDayParam(InstantParam):
    """An instant such as ``2026-05-10T09:00:00Z``, or a day, which means its end."""

    name = "instant or day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the instant in UTC, or the day."""
        if isinstance(value, str) and len(value) == len("2026-05-10"):
            return DayParam().convert(value, param, ctx)
        return super().convert(value, param, ctx)


class FreshForParam(click.ParamType["dt.timedelta"]):
    """How long a timestamp is good: hours or days, such as ``48h`` or ``7d``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.timedelta:
        """Return the time, within the bounds of the format."""
        if isinstance(value, dt.timedelta):
            return value
        written = re.fullmatch(r"([0-9]{1,4})([hd])", value)
        if written is None:
            self.fail(f"{value!r} is not a valid time in hours or days; write it like 48h or 7d", param, ctx)
        unit = dt.timedelta(hours=1) if written[2] == "h" else dt.timedelta(days=1)
        try:
            check_fresh_for(int(written[1]) * unit)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return int(written[1]) * unit


def together(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Return a decorator that adds several options, in the order of the help."""
    return lambda command: functools.reduce(lambda made, add: add(made), reversed(options), command)


_URL, _CERTIFICATE = "REGISTER_TIME_AUTHORITY", "REGISTER_TIME_AUTHORITY_CERTIFICATE"

source_option = click.option(
    "--source",
    type=click.Path(path_type=Path),
    default=Path("register"),
    show_default=True,
    help="Folder with register.toml and subprocessors/.",
)

store_option = click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=Path("var/store"),
    show_default=True,
    envvar="REGISTER_STORE",
    show_envvar=True,
    help="Folder of the store; public/ in it is the tree to serve.",
)

keys_option = click.option(
    "--keys",
    type=click.Path(path_type=Path),
    default=Path("var/keys"),
    show_default=True,
    envvar="REGISTER_KEYS",
    show_envvar=True,
    help="Folder with the PRIVATE keys, readable only by you.",
)

fresh_for_option = click.option(
    "--fresh-for",
    type=FreshForParam(),
    envvar="REGISTER_FRESH_FOR",
    show_envvar=True,
    help="How long the signed timestamp stays valid, 1h to 31d.  [default: unchanged; 48h for the first]",
)

clock_is_right_option = click.option(
    "--clock-is-right",
    is_flag=True,
    help="Sign even if the current timestamp is dated later, because that clock was ahead.",
)

progress_option = click.option(
    "--progress/--no-progress",
    default=None,
    expose_value=False,
    callback=lambda context, _, value: context.meta.update({PROGRESS: value}),
    help=(
        "Show progress on standard error: a bar on a terminal, else a line a second.  [default: "
        "the bar, or a line every 10 seconds]"
    ),
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

offline_option = click.option(
    "--offline",
    is_flag=True,
    envvar="REGISTER_OFFLINE",
    show_envvar=True,
    help="Do not check the register's URL for a public tree that is ahead of the store.",
)

address_option = click.option(
    "--base-url",
    type=BaseUrlParam(),
    envvar="REGISTER_BASE_URL",
    show_envvar=True,
    help="URL where the tree is published.  [default: the register's own]",
)

policy_option = click.option(
    "--policy",
    type=click.Path(path_type=Path),
    metavar="FILE",
    envvar="REGISTER_WITNESS_POLICY",
    show_envvar=True,
    help="C2SP tlog-policy file with the witnesses to ask for a cosignature.",
)

time_authority_options = together(
    click.option(
        "--time-authority",
        metavar="URL",
        envvar=_URL,
        show_envvar=True,
        help="Have the newest checkpoint timestamped by this authority (RFC 3161).",
    ),
    click.option(
        "--time-authority-certificate",
        type=click.Path(path_type=Path),
        metavar="FILE",
        envvar=_CERTIFICATE,
        show_envvar=True,
        help="Root certificate (PEM) that the timestamps must chain to; not checked without it.",
    ),
)


def as_variables(url: str | None, certificate: Path | None) -> dict[str, str]:
    """Return the authority for a child process; as arguments, a password in the address would be seen."""
    found = {_URL: url, _CERTIFICATE: str(certificate) if certificate else None}
    return {name: value for name, value in found.items() if value}
