"""Options that several commands share, and the parsers of their values."""

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
"""Key of ``--progress`` in a command's context, for ``output.progress``."""


PATH = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, dir_okay=False)


def instant(value: str) -> dt.datetime:
    """Parse a time such as ``2026-05-10T09:00:00Z``, with a time zone and whole seconds."""
    try:
        read = dt.datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a time; write it like 2026-05-10T09:00:00Z") from None
    if read.tzinfo is None or read.microsecond:
        words = "needs a time zone and whole seconds, like 2026-05-10T09:00:00Z"
        raise click.BadParameter(f"{value!r} {words}")
    return read.astimezone(dt.UTC)


def day(value: str) -> dt.date:
    """Parse a date such as ``2026-05-10``, in the publisher's time zone."""
    try:
        return parse_day(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date; write it like 2026-05-10") from None


def instant_or_day(value: str) -> dt.datetime | dt.date:
    """Parse a time, or a date, which stands for the end of that day."""
    return day(value) if len(value) == len("2026-05-10") else instant(value)


def url(value: str) -> str:
    """Parse a base URL such as ``https://trust.example.com/``; a missing final slash is added."""
    address = value if value.endswith("/") else f"{value}/"
    problem = base_url_problem(address)
    if problem is not None:
        raise click.BadParameter(f"{value!r} {problem}; write it like https://trust.example.com/")
    return address


def time(value: str | dt.timedelta) -> dt.timedelta:
    """Parse the lifetime of a timestamp, such as ``48h`` or ``7d``, within the bounds of the format."""
    if isinstance(value, dt.timedelta):  # the default
        return value
    written = re.fullmatch(r"([0-9]{1,4})([hd])", value)
    if written is None:
        words = "is not a valid time in hours or days; write it like 48h or 7d"
        raise click.BadParameter(f"{value!r} {words}")
    lasts = int(written[1]) * dt.timedelta(hours=1 if written[2] == "h" else 24)
    try:
        check_fresh_for(lasts)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return lasts


def together(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Return a decorator that adds several options, listed in ``--help`` in this order."""
    return lambda command: functools.reduce(lambda made, add: add(made), reversed(options), command)


def with_variable(name: str, variable: str, **more: Any) -> Callable[[Command], Command]:
    """Return an option that can also be set by an environment variable, which the help names."""
    return click.option(name, envvar=variable, show_envvar=True, **more)


def base_url_option(what: str) -> Callable[[Command], Command]:
    """Return ``--base-url`` with a help text."""
    return with_variable("--base-url", "REGISTER_BASE_URL", type=url, help=what)


def endpoint_option(what: str) -> Callable[[Command], Command]:
    """Return ``--endpoint`` with a help text."""
    return with_variable("--endpoint", "REGISTER_DEPLOY_ENDPOINT", metavar="URL", help=what)


source_option = click.option(
    "--source",
    type=PATH,
    default=Path("register"),
    show_default=True,
    help="Folder with register.toml and subprocessors/.",
)

store_option = with_variable(
    "--store",
    "REGISTER_STORE",
    type=PATH,
    default=Path("var/store"),
    show_default=True,
    help="Folder of the store; public/ in it is the tree to serve.",
)

keys_option = with_variable(
    "--keys",
    "REGISTER_KEYS",
    type=PATH,
    default=Path("var/keys"),
    show_default=True,
    help="Folder with the PRIVATE keys, readable only by you.",
)

fresh_for_option = with_variable(
    "--fresh-for",
    "REGISTER_FRESH_FOR",
    type=time,
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

offline_option = with_variable(
    "--offline",
    "REGISTER_OFFLINE",
    is_flag=True,
    help="Do not check the register's URL for a public tree that is ahead of the store.",
)

address_option = base_url_option("URL where the tree is published.  [default: the register's own]")

policy_option = with_variable(
    "--policy",
    "REGISTER_WITNESS_POLICY",
    type=PATH,
    metavar="FILE",
    help="C2SP tlog-policy file with the witnesses to ask for a cosignature.",
)

time_authority_options = together(
    with_variable(
        "--time-authority",
        "REGISTER_TIME_AUTHORITY",
        metavar="URL",
        help="Have the newest checkpoint timestamped by this authority (RFC 3161).",
    ),
    with_variable(
        "--time-authority-certificate",
        "REGISTER_TIME_AUTHORITY_CERTIFICATE",
        type=PATH,
        metavar="FILE",
        help="Root certificate (PEM) that the timestamps must chain to; not checked without it.",
    ),
)
