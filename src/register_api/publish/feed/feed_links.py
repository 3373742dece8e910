"""Where a feed's links lead: under the publisher's base URL, or relative to the feed itself.

Relative references keep the tree valid wherever it is hosted, under any prefix; RFC 4287 section 2
allows them and without ``xml:base`` they mean the address the feed was fetched from.
"""

from __future__ import annotations

import posixpath
import re

import msgspec
from markupsafe import escape

from register_api.core.format import tree
from register_api.core.format.paths import address_of

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold (section 2.2)."""


def xml_text(text: str) -> str:
    """Replace what XML 1.0 cannot hold by U+FFFD, so that no name can break the whole feed."""
    return _NOT_XML.sub("\ufffd", text)


class FeedLink(msgspec.Struct, frozen=True):
    """An ``atom:link`` (RFC 4287 section 4.2.7)."""

    rel: str
    href: str
    type: str
    title: str | None = None


class FeedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page of the feed lies.

    Attributes:
        path: Path in the tree, e.g. ``feed.atom`` or ``feed/3.atom``.
        base_url: Address of the tree's root; ``None`` for relative references.
    """

    path: str
    base_url: str | None = None

    @property
    def root(self) -> str:
        """The reference to the tree's root, with a slash at its end."""
        if self.base_url is not None:
            return root_of(self.base_url)
        return "../" * self.path.count("/") or "./"

    def href(self, path: str) -> str:
        """Return the reference to a path of the tree; pages are named by their folder."""
        target = address_of(path)
        if self.base_url is not None:
            return self.root + target
        start = posixpath.dirname(self.path) or "."
        relative = posixpath.relpath(target or ".", start)
        return relative + "/" if target.endswith("/") or not target else relative

    def moved(self, html: str, base_url: str | None) -> str:
        """Return content whose links into the tree lead to where the tree is said to lie now."""
        if base_url is None:
            return html
        before, now = (f'href="{escape(root)}' for root in (root_of(base_url), self.root))
        return html.replace(before, now)


def root_of(base_url: str) -> str:
    """Return an address with a slash at its end, as paths of the tree follow it."""
    return base_url.rstrip("/") + "/"


def base_of(url: str, version: int) -> str | None:
    """Return where the tree was said to lie when an entry linked its version's page by an address."""
    base = url.removesuffix(address_of(tree.VERSION_PAGE.path(version)))
    return base if base.startswith("http") else None
