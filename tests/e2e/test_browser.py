"""A real browser shows the page."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from sources import vendor_names

from programs import run
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

    from hosts import Site
    from publications import Publication

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
)
"""No window, no network but the page's own, and what the page's console says on standard error."""


def browse(url: str, profile: Path) -> tuple[str, list[str]]:
    """Return the page as the browser holds it, and the lines of its console."""
    done = run(need("chromium"), *QUIET, f"--user-data-dir={profile}", "--dump-dom", url)
    assert done.returncode == 0, done.stderr
    return html.unescape(done.stdout), re.findall(r"^.*:CONSOLE.*$", done.stderr, re.MULTILINE)


def test_the_page_names_every_vendor_and_the_console_is_silent(
    site: Site, publication: Publication, tmp_path: Path
) -> None:
    """No script fails, nothing is blocked by the page's own policy, nothing is missing."""
    page, console = browse(site.base, tmp_path)
    names = vendor_names(publication.source)
    assert len(names) >= 12
    assert [name for name in names if name not in page] == []
    assert console == []
