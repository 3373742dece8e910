"""Generate web server configuration, the folder for static hosting, and CI workflows.

Static hosting services each read the files that they know from the same folder. They compress files
themselves, so precompressed files are left out:

* ``.nojekyll``: makes GitHub Pages serve all files unchanged, including those in ``.well-known``;
* ``404.html``: without it, Cloudflare Pages answers 200 for missing files, including the next TUF root
  that customers look for;
* ``_headers``, ``_redirects``: configuration for Cloudflare Pages and Netlify.

CI jobs share no state except a branch with the published tree. A job restores the store from it, as
``recover`` does, signs, and pushes the result on top of that commit. Of two concurrent jobs, the second
push is rejected, and what that job signed is discarded before anyone has seen it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Literal

import jinja2
import msgspec

from register_api.core import headers
from register_api.core.instant import in_words, latest_renewal
from register_api.errors import UsageError
from register_api.hosting import host_rules

HostFormat = Literal["nginx", "caddy", "headers", "redirects"]
WorkflowFormat = Literal["github", "gitlab"]
USUAL = dt.timedelta(days=15)
"""Validity of a timestamp renewed by a weekly job, so that one run may fail."""
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_SCHEDULES = (
    (7 * _DAY, "17 5 * * 1", "every Monday"),
    (_DAY, "17 5 * * *", "every day"),
    *((hours * _HOUR, f"17 */{hours} * * *", f"every {hours} hours") for hours in (12, 6, 3)),
    (_HOUR, "17 * * * *", "every hour"),
)
"""Interval, cron expression, description; not on the full hour, when services are busiest."""
_PATH = re.compile(r"/[^\x00-\x1f\x7f\"\\$%{};'`]*")
"""Paths that nginx and Caddy both accept in quotes; the excluded characters are special in one of them."""
_NAME = re.compile(r"_|(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_LISTEN = re.compile(r"(?:(?:[0-9.]+|\[[0-9A-Fa-f:.]+\]):)?(?P<port>\d{1,5})")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_MAX_PORT = 65535


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tree is served.

    Attributes:
        public: Folder with the published tree, absolute.
        listen: Port, or address and port, to listen on.
        prefix: URL path of the tree, without its last slash; empty for the root.
        brotli: Whether nginx has the module that serves precompressed ``.br`` files; ``zstd`` likewise.
        note: Comment lines at the start of the configuration.
    """

    public: str
    name: str = ""
    listen: str = "80"
    prefix: str = ""
    brotli: bool = False
    zstd: bool = False
    note: tuple[str, ...] = ()


def read_site(
    public: str, server_name: str, listen: str, base_path: str, *, brotli: bool = False, zstd: bool = False
) -> Site:
    """Validate the user's settings; ``listen`` is ``80``, ``127.0.0.1:8080`` or ``[::1]:8080``.

    Raises:
        UsageError: A setting cannot be written in a configuration file.
    """
    prefix = base_path.rstrip("/")
    if not _PATH.fullmatch(public):
        raise UsageError(f"the folder {public!a} cannot stand in a configuration file")
    if server_name and not _NAME.fullmatch(server_name):
        raise UsageError(f"{server_name!a} is not a valid server name", hint="such as trust.example.com")
    match = _LISTEN.fullmatch(listen)
    if match is None or not 0 < int(match["port"]) <= _MAX_PORT:
        raise UsageError(f"{listen!a} cannot be listened on", hint="a port, or 127.0.0.1:8080")
    if not _PREFIX.fullmatch(prefix):
        raise UsageError(f"{base_path!a} is not a valid path", hint="such as /register/")
    return Site(public=public, name=server_name, listen=listen, prefix=prefix, brotli=brotli, zstd=zstd)


def configuration(form: HostFormat, site: Site, digests: Mapping[str, str] | None = None) -> str:
    """Return the configuration for a server of a published tree.

    ``digests`` (``Repr-Digest`` of immutable files, by content coding, space and path) are for nginx.
    """
    return _template(form).render(
        site=site,
        rules=host_rules,
        headers=headers,
        # Headers of every response; the service sends some for pages only, but they do no harm elsewhere.
        shared={**headers.CORS, **headers.NOSNIFF, **headers.PAGE},
        digests=digests or {},
    )


def pages_files(
    paths: Iterable[str], read: Callable[[str], bytes], site: Site
) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every file in the folder for static hosting."""
    for path in paths:
        yield path, read(path)
    yield ".nojekyll", b""
    yield "404.html", files("register_api.hosting").joinpath("templates/404.html").read_bytes()
    yield "_headers", configuration("headers", site).encode()
    yield "_redirects", configuration("redirects", site).encode()


def workflow(form: WorkflowFormat, fresh_for: dt.timedelta, version: str) -> str:
    """Return the CI workflow that reviews, publishes and renews a register.

    Timestamps, valid for ``fresh_for``, are renewed often enough that one renewal may fail; ``version`` is
    the release of this program that the jobs install.

    Raises:
        UsageError: ``fresh_for`` is too short for any CI schedule.
    """
    chosen = [row for row in _SCHEDULES if row[0] <= latest_renewal(fresh_for)]
    if not chosen:
        message = f"a timestamp valid for {in_words(fresh_for)} is to be renewed more often than such jobs"
        raise UsageError(f"{message} are started", hint="--fresh-for 2h or more; 15d for a weekly job")
    _, cron, often = chosen[0]
    hours = fresh_for // _HOUR
    return _template(form, "<% %> << >>").render(  # the CI service uses braces itself
        fresh_for=f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h",
        schedule=cron,
        often=often,
        version=version,
    )


def _template(form: HostFormat | WorkflowFormat, marks: str = "{% %} {{ }}") -> jinja2.Template:
    block, block_end, variable, variable_end = marks.split()
    environment = jinja2.Environment(
        block,
        block_end,
        variable,
        variable_end,
        loader=jinja2.PackageLoader("register_api.hosting"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (no HTML: the values are our own, or checked by ``read_site``)
    )
    return environment.get_template(f"{form}.j2")
