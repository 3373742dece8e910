"""A hook of mkdocs: adds files outside docs/ that pages link to, below ``project/``.

The links of pages point to files of the repository; they are rewritten to the paths in the site.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PROJECT = "project/"
FOREIGN = "https://unpkg.com/iframe-worker/shim"
OWN = "assets/search-from-disk.js"

_LINK = re.compile(r"""(\]\(|\b(?:src|srcset)=")([^)\s"#:]+)(?=[)#"])""")
_CODE = re.compile(r"(^ *```.*?^ *```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add the files that pages link to, recursively."""
    waiting = [uri for uri in files.src_uris if uri.endswith(".md")]
    waiting += [f"{PROJECT}README.md"]
    while waiting:
        uri = waiting.pop()
        if uri.startswith(PROJECT) and uri not in files.src_uris:
            files.append(File.generated(config, uri, abs_src_path=str(_source(uri))))
        if uri.endswith(".md"):
            waiting += [place for place in _linked(uri) if place not in files.src_uris]
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Rewrite links to files of the project to their paths in the site."""
    uri = page.file.src_uri

    def lead(found: re.Match[str]) -> str:
        place = _place(uri, found[2])
        return found[0] if place is None else found[1] + os.path.relpath(place, Path(uri).parent)

    parts = _CODE.split(markdown)
    return "".join(part if number % 2 else _LINK.sub(lead, part) for number, part in enumerate(parts))


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Replace the script that the theme loads from another host by the site's own copy."""
    return output.replace(FOREIGN, os.path.relpath(OWN, Path(page.url).parent))


def on_post_template(output_content: str, **_: Any) -> str:
    """Do the same on the 404 page, which may be served at any depth."""
    return output_content.replace(FOREIGN, f"/{OWN}")


def _source(uri: str) -> Path:
    """Return the source file of a path in the site."""
    return ROOT / uri.removeprefix(PROJECT) if uri.startswith(PROJECT) else DOCS / uri


def _place(uri: str, target: str) -> str | None:
    """Return the path in the site of a link's target; ``None`` if it is not a file."""
    path = Path(os.path.normpath(_source(uri).parent / target))
    if path.is_dir():
        path /= "README.md"
    if not path.is_file():
        return None
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    return PROJECT + path.relative_to(ROOT).as_posix()


def _linked(uri: str) -> Iterator[str]:
    """Yield the paths in the site that a page links to."""
    text = _CODE.sub("", _source(uri).read_text("utf-8"))
    for _, target in _LINK.findall(text):
        place = _place(uri, target)
        if place is not None:
            yield place
