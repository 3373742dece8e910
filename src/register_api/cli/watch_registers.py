"""Commands on lists of registers that customers share: key, vendors import-list."""

from __future__ import annotations

from pathlib import Path

import click

from register_api.cli.output import out
from register_api.cli.serving_options import settings_option
from register_api.cli.watch_options import Watching, watching
from register_api.core.instant import format_instant
from register_api.core.printable import escaped, quoted
from register_api.core.text import base_url_problem
from register_api.errors import UsageError, WatchError
from register_api.sending.webhook import make_key, read_key
from register_api.watch.look import Asking
from register_api.watch.register_list import MOST_BYTES, kid_of, offered, read_list
from register_api.watch.vendors_import import import_vendors


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def key(file: Path) -> None:
    """Print the thumbprint of the key in FILE that signs lists of registers; create it if missing.

    \b
    Example:
      register-api watch key list.key
    """
    out.print(kid_of(read_key(file, "key") if file.exists() else make_key(file, "key")), soft_wrap=True)


@click.command("import-list")
@settings_option
@click.argument("source")
@click.option(
    "--key", "kid", required=True, metavar="THUMBPRINT", help="Thumbprint of the key that signs the list."
)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and change nothing.")
def import_list(settings: Path | None, source: str, kid: str, dry_run: bool) -> None:
    """Import vendors from a signed list of registers, from a file or a URL.

    Existing vendors are unchanged. Every register is verified as usual, from the root that the list names:
    docs/watch-registers.md explains what that is worth.

    \b
    Examples:
      register-api watch vendors import-list https://lists.example/registers.jws --key THUMBPRINT --dry-run
      register-api watch vendors import-list registers.jws --key THUMBPRINT --settings watch.toml
    """
    with watching(settings) as opened:
        listed = read_list(_read(opened, source), kid)
        found = offered(opened.database, listed)
        done = import_vendors(opened.database, found.rows, opened.at, dry_run=dry_run)
    if done.faults:
        raise WatchError(f"entry {done.faults[0].line} of the list: {done.faults[0].words}")
    if done.vendors:
        out.print(f"By the word of a list of {format_instant(listed.made_at)}, signed with {kid}:")
    for vendor in done.vendors.values():
        said = f"  {vendor.id}: {vendor.name}, {vendor.register}, root {vendor.root_sha256}"
        out.print(escaped(said))
    for note in found.notes:
        out.print(escaped(f"Not taken: {note}."))
    if dry_run:
        out.print("Nothing was changed; it would be:")
    out.print(f"{done.done['added']} added, {len(found.known)} known already, {len(found.notes)} not taken.")


def _read(opened: Watching, source: str) -> bytes:
    base, slash, name = source.rpartition("/")
    if "://" in base:
        problem = base_url_problem(base + slash) or ("" if name else "names no file")
        if problem:
            raise UsageError(f"{quoted(source)} {problem}")
        with Asking.of(opened.settings).fetcher(base + slash) as fetcher:
            return fetcher.get(name, MOST_BYTES)
    try:
        with Path(source).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}") from error
