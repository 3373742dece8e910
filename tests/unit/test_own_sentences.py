"""What the program itself says is never taken apart again: a better wording cannot break anything."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import messages

if TYPE_CHECKING:
    from collections.abc import Iterator

MATCHING = frozenset(
    {"compile", "count", "endswith", "find", "findall", "finditer", "fullmatch", "index", "match"}
    | {"partition", "removeprefix", "removesuffix", "replace", "rfind", "rpartition", "rsplit", "search"}
    | {"split", "startswith", "sub"}
)
"""Names of functions that look for a text in a text."""

WORDS = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)+|[^\W\d_]{4,} | [^\W\d_]{4,}")
"""Words as prose has them: several in a row, or one with the space beside it."""

ONCE = """
START = re.compile(".+ (?:on|as of) [0-9]")
short = notice.replace("business ", "")
repeated = "Short notice" in summary
"""
"""What a wording must not be worked with."""


def said() -> list[str]:
    """Return all that the program says in any language."""
    found = []
    for tag in messages.translations():
        for message in messages.catalogue(tag):
            for text in (message.id, message.string):
                found += [text] if isinstance(text, str) else list(text or ())
    return found


def looked_for(tree: ast.AST) -> Iterator[str]:
    """Yield every constant text that is looked for in another."""
    for node in ast.walk(tree):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) in MATCHING:
            parts = node.args
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            parts = [node.left]
        for part in parts:
            yield from (
                inner.value
                for inner in ast.walk(part)
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
            )


def test_no_pattern_is_matched_against_our_own_sentences() -> None:
    """No text that code looks for is made of words of the catalogue."""
    everything = said()
    found = {
        (str(path.relative_to(messages.SOURCE)), text)
        for path in messages.SOURCE.rglob("*.py")
        for text in looked_for(ast.parse(path.read_bytes()))
        if any(words in text_said for words in WORDS.findall(text) for text_said in everything)
    }
    assert found == set()


def test_the_look_for_patterns_finds_some() -> None:
    """What a summary was once shortened by, and how a word was once taken out of it."""
    found = [text for text in looked_for(ast.parse(ONCE)) if WORDS.findall(text)]
    assert found == [".+ (?:on|as of) [0-9]", "business ", "Short notice"]


def test_a_summary_is_printed_and_nothing_else() -> None:
    """It goes from where it is made to where it is shown; nobody works with its words."""
    readers = {
        path.relative_to(messages.SOURCE).as_posix()
        for path in messages.SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute) and node.attr == "summary" and isinstance(node.ctx, ast.Load)
    }
    of_files = {path for path in readers if path.startswith(("core/api/", "core/format/"))}
    makers = {
        "core/diff/document.py",
        "core/language/changes.py",
        "verify/evidence/package.py",
        "verify/checks/history.py",
    }
    # A feed's entry has a summary of its own, which is written, and compared with its twin, as it is.
    of_feeds = {"publish/feed/formats.py", "verify/checks/feeds.py"}
    assert readers - of_files - makers - of_feeds == {"cli/words.py"}
    for template in (messages.SOURCE / "publish/page/templates").iterdir():
        assert not re.search(r"\bsummary\s*[|\[.]|\{%[^%]*\bsummary\b", template.read_text("utf-8")), (
            template.name
        )
