"""What the documents tell people to type, taken from the documents themselves."""

from __future__ import annotations

import re

from commands import ROOT


def documented(page: str, language: str, text: str) -> str:
    """Return the one block in a language on a page in which a text stands.

    Args:
        page: Path of the page in the project.
        language: As the block names it, e.g. ``sh``.
        text: What stands in this block and in no other.
    """
    blocks = re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    (found,) = [block for block in blocks.findall((ROOT / page).read_text("utf-8")) if text in block]
    return str(found)
