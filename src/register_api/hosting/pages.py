"""A folder for services that serve plain files: GitHub Pages, GitLab Pages, Cloudflare Pages and others.

They compress by themselves, so ready forms stay out. Each takes from the same folder what it knows:

* ``.nojekyll``: GitHub Pages serves the files as they are, also those in ``.well-known``;
* ``404.html``: without it Cloudflare Pages answers a page with 200 for whatever is missing, where customers
  look for the next root;
* ``_headers``, ``_redirects``: what ``export`` tells Cloudflare Pages and Netlify.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files

from register_api.hosting.configuration import configuration
from register_api.hosting.site import Site


def pages_files(
    paths: Iterable[str], read: Callable[[str], bytes], site: Site
) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the folder with its path.

    Args:
        paths: Paths of the tree.
        read: Gives the bytes of one.
        site: Below which path the service serves it.
    """
    for path in paths:
        yield path, read(path)
    yield ".nojekyll", b""
    yield "404.html", files("register_api.hosting").joinpath("templates/404.html").read_bytes()
    yield "_headers", configuration("headers", site).encode()
    yield "_redirects", configuration("redirects", site).encode()
