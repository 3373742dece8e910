"""The command `diff`: what changed between two registers."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli import options
from register_api.cli.output import print_json
from register_api.cli.words import change_lines, print_lines, published
from register_api.clock import zone_of
from register_api.core.canonical import Encoded, decode
from register_api.core.diff.document import diff_document
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.core.notice_period import promises_of
from register_api.errors import Malformed, UsageError


@click.command()
@click.argument("older")
@click.argument("newer")
@options.store_option
@options.json_option
def diff(older: str, newer: str, store: Path, as_json: bool) -> None:
    """Show what changed from OLDER to NEWER, in words.

    Each is a file that holds a register, or the number of a version in the store.

    \b
    Examples:
      register-api diff 6 7
      register-api diff last-year.json register.json --json
    """
    before, after = (_read(name, store) for name in (older, newer))
    old, new = before.document, after.document
    if old.register != new.register:
        raise UsageError(f"these are two registers: {old.register} and {new.register}")
    document = diff_document(before, after, promises_of((old, new), zone_of(new.publisher.time_zone)))
    if as_json:
        print_json(document)
    else:
        print_lines(change_lines(new, document))


def _read(name: str, store: Path) -> Encoded[Register]:
    """Read a register from a file or, given a version number, from the store."""
    try:
        if name.isdecimal():
            data = published(store).read(tree.VERSION_REGISTER.path(int(name)))
        else:
            data = Path(name).read_bytes()
        return Encoded(decode(data, Register), data)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error
    except KeyError as error:
        raise UsageError(f"version {name} not found in {store}") from error
    except Malformed as error:
        error.message = f"{name} is not a published register: {error.message}"
        raise
