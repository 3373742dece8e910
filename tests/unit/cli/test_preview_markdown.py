"""preview --markdown says what preview says, for a comment on a pull request; names in it stay text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from register_api.cli.words import Line, markdown
from register_api.core.text import escaped
from thoroughness import examples

if TYPE_CHECKING:
    from conftest import Call

    from publishers import Publisher

WITHOUT_WIDTH = "\u200b"
OURS = {"p", "strong", "em", "ul", "li"}
"""What lines become, and nothing else."""

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</li></ul><script>alert(1)</script>",
    "[click](https://evil.example/)",
    "![](https://evil.example/pixel.png)",
    "https://evil.example and www.evil.example",
    "@acme/owners please approve, closes #12 and GH-12",
    "**bold** _it_ `code` ~~no~~ | a | b |",
    "1. one",
    "- [x] done",
    "# heading",
    "> quote",
    "```\ncode",
    "    indented",
    "Acme\n\n<!-- \n\n# Approved",
    "\\",
    "\\*",
    "&lt;b&gt; &#64;acme",
    "[ref]: https://evil.example",
    "a\u202eb\x1b[31m",
]


class Shown(HTMLParser):
    """Collects what is shown of a page, and by which elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and what attributes it has."""
        self.elements |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


def rendered(text: str) -> Shown:
    """Show Markdown as services do."""
    return Shown(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))


def words(text: str) -> list[str]:
    """Return the words of a text, without what has no width."""
    return text.replace(WITHOUT_WIDTH, "").split()


def check(text: str) -> None:
    """Lines of each kind that say a text are shown with its words, and by our own elements."""
    lines = [Line(0, text), Line(1, text, text), Line(2, text), Line(0, text)]
    shown = rendered(markdown(lines))
    assert shown.elements <= OURS
    assert words(shown.text) == words(escaped(" ".join(text.split()))) * 5
    assert not re.search(r"[@#]\w", shown.text)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_vendor_is_called_stays_text(text: str) -> None:
    check(f"{text}")
    check(f"Acme {text} Oy")


@settings(max_examples=examples(400), deadline=None)
@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\\`*_{}[]()<>#+-.!|~&@:/ \n=1")))
def test_any_text_stays_text(text: str) -> None:
    check(f"x{text}x")


def test_it_says_what_preview_says(published: Call, publisher: Publisher) -> None:
    """Word for word: changes with their notice, then what may have been meant."""
    file = publisher.source / "subprocessors" / "acme.toml"
    name = "[Zeta](https://evil.example) @acme"
    file.write_text(file.read_text("utf-8").replace('name = "Acme Oy"', f'name = "{name}"', 1), "utf-8")
    said, comment = published("preview").stdout, published("preview", "--markdown").stdout
    shown = rendered(comment)
    remarks_bare = re.sub(r"  \[(.*)\]$", r"  \1", said, flags=re.MULTILINE)
    assert words(shown.text) == remarks_bare.replace("•", "").split()
    assert name in said
    assert shown.elements == OURS
    assert "Perhaps meant" in comment


def test_preview_says_when_there_is_nothing_to_publish(published: Call) -> None:
    said, comment = published("preview").stdout, published("preview", "--markdown").stdout
    assert said.startswith("Nothing has changed since version 1")
    assert words(rendered(comment).text) == said.split()


def test_one_form_at_a_time(published: Call) -> None:
    assert published("preview", "--markdown", "--json").exit_code == 2
