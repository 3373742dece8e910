"""What a host is given: configuration for its program, the folder for Pages, the jobs of a Git service.

Of a service for plain files each takes from the same folder what it knows; they compress by themselves, so
ready forms stay out:

* ``.nojekyll``: GitHub Pages serves the files as they are, also those in ``.well-known``;
* ``404.html``: without it Cloudflare Pages answers a page with 200 for whatever is missing, where customers
  look for the next root;
* ``_headers``, ``_redirects``: what ``export`` tells Cloudflare Pages and Netlify.

Between two jobs of a Git service nothing is kept but a branch with the tree that is served. A job takes it
over as ``recover`` does, signs, and pushes what came of it on top of what it took over: of two jobs at once
the second one's push is refused, and what it has signed is thrown away before anybody has seen it.
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
"""How long a timestamp is good for a publisher with a weekly job: one of them may fail."""
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_SCHEDULES = (
    (7 * _DAY, "17 5 * * 1", "every Monday"),
    (_DAY, "17 5 * * *", "every day"),
    *((hours * _HOUR, f"17 */{hours} * * *", f"every {hours} hours") for hours in (12, 6, 3)),
    (_HOUR, "17 * * * *", "every hour"),
)
"""Interval, as cron has it, in words; at a minute at which services have less to do than at the full hour."""
_PATH = re.compile(r"/[^\x00-\x1f\x7f\"\\$%{};'`]*")
"""What nginx and Caddy both can name between quotation marks; the rest means something to one of them."""
_NAME = re.compile(r"_|(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_LISTEN = re.compile(r"(?:(?:[0-9.]+|\[[0-9A-Fa-f:.]+\]):)?(?P<port>\d{1,5})")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_MAX_PORT = 65535


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where and as what a tree is served.

    Attributes:
        public: Folder with the published tree, absolute.
        listen: Port, or address and port, to listen on.
        prefix: Path below which the tree lies, without its last slash; empty for the root.
        brotli: Whether nginx has the module that sends ready ``.br`` files; likewise zstd.
        note: Lines of comment to begin with.
    """

    public: str
    name: str = ""
    listen: str = "80"
    prefix: str = ""
    brotli: bool = False
    zstd: bool = False
    note: tuple[str, ...] = ()


def read_site(public: str, name: str, listen: str, base_path: str) -> Site:
    """Read what a person gave: ``listen`` as ``80``, ``127.0.0.1:8080`` or ``[::1]:8080``.

    Raises:
        UsageError: One of them cannot stand in a configuration file.
    """
    prefix = base_path.rstrip("/")
    if not _PATH.fullmatch(public):
        raise UsageError(f"the folder {public!a} cannot stand in a configuration file")
    if name and not _NAME.fullmatch(name):
        raise UsageError(f"{name!a} is not a valid server name", hint="such as trust.example.com")
    match = _LISTEN.fullmatch(listen)
    if match is None or not 0 < int(match["port"]) <= _MAX_PORT:
        raise UsageError(f"{listen!a} cannot be listened on", hint="a port, or 127.0.0.1:8080")
    if not _PREFIX.fullmatch(prefix):
        raise UsageError(f"{base_path!a} is not a valid path", hint="such as /register/")
    return Site(public=public, name=name, listen=listen, prefix=prefix)


def configuration(form: HostFormat, site: Site, digests: Mapping[str, str] | None = None) -> str:
    """Return the configuration of a host that serves a published tree.

    ``digests`` (``Repr-Digest`` by content coding, space and path, of files that never change) are for nginx.
    """
    return _template(form).render(
        site=site,
        rules=host_rules,
        headers=headers,
        # Headers of every answer: what the service says of pages alone is no harm for other files.
        shared={**headers.CORS, **headers.NOSNIFF, **headers.PAGE},
        digests=digests or {},
    )


def pages_files(
    paths: Iterable[str], read: Callable[[str], bytes], site: Site
) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the folder for services that serve plain files, with its path in the tree."""
    for path in paths:
        yield path, read(path)
    yield ".nojekyll", b""
    yield "404.html", files("register_api.hosting").joinpath("templates/404.html").read_bytes()
    yield "_headers", configuration("headers", site).encode()
    yield "_redirects", configuration("redirects", site).encode()


def workflow(form: WorkflowFormat, fresh_for: dt.timedelta, version: str) -> str:
    """Return the file with the jobs that review, publish and renew a register.

    Timestamps, good for ``fresh_for``, are renewed so often that one renewal may still fail; ``version`` is
    the release of this program that the jobs install.

    Raises:
        UsageError: No schedule of such a service is often enough.
    """
    chosen = [row for row in _SCHEDULES if row[0] <= latest_renewal(fresh_for)]
    if not chosen:
        message = f"a timestamp good for {in_words(fresh_for)} is to be renewed more often than such jobs"
        raise UsageError(f"{message} are started", hint="--fresh-for 2h or more; 15d for a weekly job")
    _, cron, often = chosen[0]
    hours = fresh_for // _HOUR
    return _template(form, "<% %> << >>").render(  # braces belong to the service
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
