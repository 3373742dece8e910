"""What the documents tell people to type, taken from the documents themselves."""

from __future__ import annotations

import re

from commands import ROOT

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


def blocks(page: str, language: str = "sh") -> list[str]:
    """Return the blocks in a language on a page, in their order.

    Args:
        page: Path of the page in the project.
        language: As the blocks name it.
    """
    text = (ROOT / page).read_text("utf-8")
    return [
        re.sub(f"^{found[1]}", "", found[3], flags=re.MULTILINE)
        for found in _BLOCK.finditer(text)
        if found[2] == language
    ]


def documented(page: str, language: str, text: str) -> str:
    """Return the one block in a language on a page in which a text stands.

    Args:
        page: Path of the page in the project.
        language: As the block names it, e.g. ``sh``.
        text: What stands in this block and in no other.
    """
    (found,) = [block for block in blocks(page, language) if text in block]
    return found
