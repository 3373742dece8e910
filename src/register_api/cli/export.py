"""The command that writes what a host of files has to be told: export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from register_api.cli import options
from register_api.cli.output import out
from register_api.errors import UsageError
from register_api.files import durable
from register_api.hosting.configuration import configuration
from register_api.hosting.rules import lasting_digests
from register_api.hosting.site import read_site
from register_api.store.layout import PUBLIC
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    from register_api.hosting.configuration import HostFormat

_LISTEN = "80"


@click.command()
@click.option("--nginx", "forms", flag_value="nginx", multiple=True, help="A site for nginx.")
@click.option("--caddy", "forms", flag_value="caddy", multiple=True, help="A site for Caddy.")
@click.option(
    "--headers",
    "forms",
    flag_value="headers",
    multiple=True,
    help="A file _headers, as Netlify, Cloudflare Pages and others read it.",
)
@click.option(
    "--redirects",
    "forms",
    flag_value="redirects",
    multiple=True,
    help="A file _redirects for the same hosts.",
)
@options.store_option
@click.option("--public", metavar="FOLDER", help="Folder with the tree on the host, if that is another one.")
@click.option("--server-name", default="", metavar="NAME", help="Name of the server; without it any.")
@click.option("--listen", default=_LISTEN, show_default=True, help="Port, or address and port, to listen on.")
@click.option("--base-path", default="/", show_default=True, help="Path below which the tree is to lie.")
@click.option("--brotli", is_flag=True, help="nginx has the module that sends ready .br files.")
@click.option("--zstd", is_flag=True, help="nginx has the module that sends ready .zst files.")
@click.option(
    "--digests",
    is_flag=True,
    help="For nginx: also Repr-Digest of the files that never change, as far as there are any now.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write there instead of printing; a file that exists is left alone.",
)
@click.option("--force", is_flag=True, help="With --output: replace a file that exists.")
def export(
    forms: tuple[HostFormat, ...],
    store: Path,
    public: str | None,
    server_name: str,
    listen: str,
    base_path: str,
    brotli: bool,
    zstd: bool,
    digests: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Write what a host of files has to be told, so that it answers as the service does.

    Types, cache classes, ready encodings, links, CORS, what pages may do, errors: all from the rules of
    the tree. It holds for every publication, also those to come; only --digests has to be written anew,
    and leaves out what changes. `register-api conformance` says what a host then keeps.

    \b
    Examples:
      register-api export --nginx --server-name trust.example.com -o register.conf
      register-api export --caddy --public /srv/register/public --server-name trust.example.com --listen 443
      register-api export --nginx --base-path /register/ --listen 127.0.0.1:8080
      register-api export --headers -o public/_headers
      register-api export --redirects -o public/_redirects
    """
    if len(forms) != 1:
        raise UsageError("export writes one of --nginx, --caddy, --headers and --redirects at a time")
    if (brotli or zstd or digests) and forms != ("nginx",):
        raise UsageError("--brotli, --zstd and --digests are for --nginx")
    if forms[0] in ("headers", "redirects") and (public or server_name or listen != _LISTEN):
        raise UsageError("--public, --server-name and --listen are for --nginx and --caddy")
    folder = public or str((store / PUBLIC).absolute())
    site = read_site(folder, server_name, listen, base_path)
    site = msgspec.structs.replace(site, brotli=brotli, zstd=zstd)
    known = _digests(store, site.prefix) if digests else {}
    _put(configuration(forms[0], site, known), output, force=force)


def _digests(store: Path, prefix: str) -> dict[str, str]:
    """Return the digests of files that never change."""
    snapshot = open_snapshot(store)
    if snapshot is None:
        raise UsageError(f"nothing is published in {store}, so there are no digests", hint="give --store")
    return lasting_digests(snapshot.manifest.files, prefix)


def _put(text: str, output: Path | None, *, force: bool) -> None:
    """Print a configuration, or write it."""
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        (durable.replace if force else durable.create)(output.resolve(), text.encode("utf-8"))
    except FileExistsError as error:
        raise UsageError(f"{output} exists; nothing was written", hint="--force replaces it") from error
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error
    out.print(f"Wrote {output}.", markup=False)
