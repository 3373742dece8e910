"""Asking the register's own address, before anything is signed, whether it is ahead of the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from register_api.cli.options import BaseUrlParam
from register_api.cli.output import err
from register_api.deploy.public_head import PublicHead
from register_api.store.reader import Snapshot

Command = TypeVar("Command", bound="Callable[..., Any]")


def offline_option(command: Command) -> Command:
    """Add ``--offline``: do not ask."""
    return click.option(
        "--offline",
        is_flag=True,
        envvar="REGISTER_OFFLINE",
        show_envvar=True,
        help="Do not check the register's URL for a public tree that is ahead of the store.",
    )(command)


def address_option(command: Command) -> Command:
    """Add ``--base-url``: which address to ask, for a register that names none or is served at another."""
    return click.option(
        "--base-url",
        type=BaseUrlParam(),
        envvar="REGISTER_BASE_URL",
        show_envvar=True,
        help="URL where the tree is published.  [default: the register's own]",
    )(command)


def compare_with_public(snapshot: Snapshot | None, url: str | None, *, offline: bool) -> PublicHead | None:
    """Ask whether what is public is ahead of a store; that it cannot be asked is told and ends nothing."""
    # Loaded here: with --offline nothing of HTTP is needed.
    from register_api.deploy.public_head import address_of_register, ask_public  # noqa: PLC0415

    if offline:
        return None
    url = url or (address_of_register(snapshot) if snapshot else None)
    if url is None:
        return None
    head = ask_public(snapshot, url)
    if head.unknown and snapshot is not None:
        err.print(
            f"Note: whether what is public is ahead of the store is not known: {head.url}: {head.unknown}"
            "  (--offline does not ask)"
        )
    return head
