"""The command `export`: configuration for static hosts, and CI jobs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import click
from click.core import ParameterSource

from register_api import __version__
from register_api.cli import options
from register_api.cli.output import out
from register_api.cli.words import published
from register_api.errors import UsageError
from register_api.files import durable
from register_api.hosting import configuration
from register_api.hosting.host_rules import lasting_digests
from register_api.store.reader import PUBLIC, Snapshot

_HOSTS, _WORKFLOWS = get_args(configuration.HostFormat), get_args(configuration.WorkflowFormat)
_Form: TypeAlias = configuration.HostFormat | configuration.WorkflowFormat | Literal["pages"]

_HELP: dict[_Form, str] = {
    "nginx": "A site for nginx.",
    "caddy": "A site for Caddy.",
    "headers": "A file _headers, as Netlify, Cloudflare Pages and others read it.",
    "redirects": "A file _redirects for the same hosts.",
    "pages": "A folder with the tree for GitHub Pages, GitLab Pages, Cloudflare Pages and others.",
    "github": "Jobs of GitHub that review, publish and renew: .github/workflows/register.yml.",
    "gitlab": "The same for GitLab: .gitlab-ci.yml.",
}
"""What can be exported, with help texts."""

_FOR: dict[str, tuple[str, ...]] = {
    "public": ("nginx", "caddy"),
    "server_name": ("nginx", "caddy"),
    "listen": ("nginx", "caddy"),
    "base_path": (*_HOSTS, "pages"),
    "brotli": ("nginx",),
    "zstd": ("nginx",),
    "digests": ("nginx",),
    "fresh_for": _WORKFLOWS,
    "force": (*_HOSTS, *_WORKFLOWS),
}
"""Options and the exports that they apply to."""


@click.command()
@options.together(
    *(click.option(f"--{form}", "forms", flag_value=form, multiple=True, help=_HELP[form]) for form in _HELP)
)
@options.store_option
@click.option("--public", metavar="FOLDER", help="Folder of the tree on the host, if different.")
@click.option("--server-name", default="", metavar="NAME", help="Server name.  [default: any]")
@click.option("--listen", default="80", show_default=True, help="Port, or address and port, to listen on.")
@click.option("--base-path", default="/", show_default=True, help="Path under which the tree is published.")
@click.option("--brotli", is_flag=True, help="nginx has the brotli_static module.")
@click.option("--zstd", is_flag=True, help="nginx has the zstd_static module.")
@click.option(
    "--digests", is_flag=True, help="For nginx: add Repr-Digest for the immutable files that exist now."
)
@click.option(
    "--fresh-for",
    type=options.time,
    default=configuration.USUAL,
    help=(
        "For CI jobs: how long timestamps stay valid, at least twice the interval of the schedule.  "
        "[default: 15d]"
    ),
)
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    metavar="FILE",
    help=(
        "Write to this file instead of standard output; existing files are not overwritten. For "
        "--pages, a new folder."
    ),
)
@click.option("--force", is_flag=True, help="With --output: overwrite an existing file.")
@click.pass_context
def export(
    ctx: click.Context,
    /,
    forms: tuple[_Form, ...],
    store: Path,
    public: str | None,
    digests: bool,
    fresh_for: dt.timedelta,
    output: Path | None,
    force: bool,
    **site: Any,
) -> None:
    """Generate configuration for nginx, Caddy, static hosts and CI jobs.

    Covers media types, caching, precompressed files, Link headers, CORS, content security policy and error
    pages, so that the host responds like the service. It stays valid for later publications; only --digests
    must be generated again. Test the result with `register-api conformance`.

    --pages writes a folder for a static hosting service. --github and --gitlab write CI jobs that review
    changes, publish what is merged and renew the timestamp on a schedule, without a machine of your own.

    \b
    Examples:
      register-api export --nginx --server-name trust.example.com -o register.conf
      register-api export --caddy --public /srv/register/public --server-name trust.example.com --listen 443
      register-api export --nginx --base-path /register/ --listen 127.0.0.1:8080
      register-api export --headers -o public/_headers
      register-api export --redirects -o public/_redirects
      register-api export --pages -o var/site
      register-api export --github --fresh-for 15d -o .github/workflows/register.yml
    """
    if len(forms) != 1:
        names = ", ".join(f"--{form}" for form in _HELP)
        raise UsageError(f"export writes one thing at a time: {names}")
    form = forms[0]
    for name, meant in _FOR.items():  # refuse options that would have no effect
        if form not in meant and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            others = ", ".join(f"--{each}" for each in meant)
            raise UsageError(f"--{name.replace('_', '-')} is not for --{form}", hint=f"it is for {others}")
    match form:
        case "github" | "gitlab":
            _put(configuration.workflow(form, fresh_for, __version__), output, force=force)
        case "pages":
            _put_folder(published(store), configuration.read_site("/", **site), output)
        case _:
            served = configuration.read_site(public or str((store / PUBLIC).absolute()), **site)
            known = lasting_digests(published(store).manifest.files, served.prefix) if digests else {}
            _put(configuration.configuration(form, served, known), output, force=force)


def _put_folder(snapshot: Snapshot, site: configuration.Site, output: Path | None) -> None:
    """Write a new folder; an existing one might still contain files that the tree no longer has."""
    if output is None:
        raise UsageError("--pages writes a folder", hint="-o FOLDER")
    try:
        output.mkdir(parents=True)
        for name, data in configuration.pages_files(snapshot.manifest.files, snapshot.read, site):
            durable.write_unsynced(output / name, data)
    except FileExistsError as error:
        raise UsageError(
            f"{output} exists; nothing was written", hint="remove it, or name another"
        ) from error
    out.print(f"Wrote {output}.")


def _put(text: str, output: Path | None, *, force: bool) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        (durable.replace if force else durable.create)(output.resolve(), text.encode("utf-8"))
    except FileExistsError as error:
        raise UsageError(f"{output} exists; nothing was written", hint="--force replaces it") from error
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error
    out.print(f"Wrote {output}.")
