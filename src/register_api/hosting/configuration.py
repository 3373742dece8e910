"""Writing a host's configuration from the rules of the tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import jinja2

from register_api.core import headers
from register_api.hosting import rules
from register_api.hosting.site import Site

HostFormat = Literal["nginx", "caddy", "headers", "redirects"]

_SHARED = {
    **headers.CORS,
    **headers.NOSNIFF,
    **headers.PAGE,
}
"""Headers of every answer. What the service says of pages alone is no harm for other files."""

_TEMPLATES: dict[HostFormat, str] = {
    "nginx": "nginx.conf.j2",
    "caddy": "Caddyfile.j2",
    "headers": "_headers.j2",
    "redirects": "_redirects.j2",
}


def configuration(form: HostFormat, site: Site, digests: Mapping[str, str] | None = None) -> str:
    """Return the configuration of a host that serves a published tree.

    Args:
        form: For which program it is.
        site: Where and as what the tree is served.
        digests: ``Repr-Digest`` by content coding, space and path, for files that never change; nginx
            alone can use it.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("register_api.hosting"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (no HTML: the values are our own, or checked by ``read_site``)
    )
    return environment.get_template(_TEMPLATES[form]).render(
        site=site,
        types=rules.media_types(),
        caches=rules.caches(),
        policies=rules.policies(),
        page_policy=rules.PAGE_POLICY,
        links=rules.links(),
        number=f"{{{rules.NUMBER}}}",
        shared=_SHARED,
        preflight=headers.PREFLIGHT,
        methods=headers.METHODS,
        mutable=headers.CACHE_CONTROL["mutable"],
        immutable=headers.CACHE_CONTROL["immutable"],
        no_store=headers.NO_STORE,
        digests=digests or {},
        named_mutable=rules.mutable_files(),
        named_immutable=rules.immutable_files(),
        immutable_by_name=rules.immutable_by_name(),
        immutable_folders=rules.immutable_folders(),
        pages=rules.pages(),
        redirects=rules.redirects(site.prefix),
    )
