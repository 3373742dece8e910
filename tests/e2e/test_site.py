"""The site of the documentation is built without network, and read without it."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
from commands import ROOT
from test_browser import QUIET

from programs import environment, run
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

BUILD = """
import socket, sys
from mkdocs.__main__ import cli

def refuse(*address):
    raise OSError(f"asked for {address}")

socket.socket.connect = socket.getaddrinfo = refuse
cli(["build", "--strict", "--quiet", "--site-dir", sys.argv[1]])
"""
"""In strict mode a broken link or anchor fails, and so does a page that the menu does not have."""

LOADED = re.compile(
    r'<(?:script|img|source|iframe)\b[^>]*\b(?:src|srcset)="([^"]+)"'
    r'|<link\b(?=[^>]*\brel="(?:stylesheet|icon)")[^>]*\bhref="([^"]+)"'
)
"""What a browser fetches to show a page."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as ``make docs`` does."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    env = environment(NO_MKDOCS_2_WARNING="1")
    done = run(sys.executable, "-c", BUILD, folder, cwd=ROOT, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_pages_load_nothing_from_elsewhere(built: Path) -> None:
    """Fonts, styles, scripts and pictures are files of the site."""
    for page in built.rglob("*.html"):
        loaded = LOADED.findall(page.read_text("utf-8"))
        assert len(loaded) > 3
        for found in loaded:
            address = "".join(found)
            folder = built if address.startswith("/") else page.parent
            assert (folder / address.lstrip("/")).is_file(), (page, address)


def test_no_list_and_no_code_is_left_as_it_was_typed(built: Path) -> None:
    """Git hosts are more lenient: a list below a paragraph needs an empty line before it."""
    for page in built.rglob("*.html"):
        article = page.read_text("utf-8").partition("<article")[2].partition("</article>")[0]
        text = re.sub(r"<(pre|code)\b.*?</\1>", "", article, flags=re.DOTALL)
        assert text
        assert re.findall(r"^(?:<p>)?\s*(?:```|[-*] |\d+\. ).*$", text, re.MULTILINE) == [], page


def test_the_search_finds_a_page_also_from_a_disk(built: Path, tmp_path: Path) -> None:
    """Browsers start no worker there."""
    words = ("--virtual-time-budget=20000", "--dump-dom", f"{(built / 'index.html').as_uri()}?q=epoch")
    done = run(need("chromium"), *QUIET, f"--user-data-dir={tmp_path}", *words)
    assert re.search(r"<h1>The <?.*?log", done.stdout), done.stderr
    assert re.findall(r"^.*:CONSOLE.*$", done.stderr, re.MULTILINE) == []
