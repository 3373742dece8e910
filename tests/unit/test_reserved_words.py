"""No member of a document needs another name in a language that programs read it with."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec
import pytest

from document_structs import published_structs
from reserved_words import RESERVED

if TYPE_CHECKING:
    from collections.abc import Mapping

GIVEN: Mapping[str, str] = MappingProxyType(
    {
        "all": "every product, beside `ids`; an object that holds them is one column",
        "at": "an instant, as `published_at` is one: with a vendor's or a key's record there is only one",
        "day": "when something that lies ahead happens; there is only one, and every SQL database takes it",
        "language": "HTML and JSON Feed call it so; every SQL database takes it as a column",
        "on": "a day, as in `ends_on`: of a lifecycle there is only one",
        "set": "what a planned change sets; no other word says so plainly",
        "value": "the other half of a key and of a scheme; every SQL database takes it as a column",
    }
)
"""Reserved names that stay, each with its reason; in SQL an object that holds them is one column."""

MEMBERS = sorted(
    {field.encode_name for kind in published_structs() for field in msgspec.structs.fields(kind)}
)


@pytest.mark.parametrize("name", MEMBERS)
def test_no_member_of_a_document_is_a_reserved_word(name: str) -> None:
    """Of Python, JavaScript, Java, C# or SQL, in whatever case."""
    taken = {language for language, words in RESERVED.items() if name.lower() in words}
    assert taken <= ({"SQL"} if name in GIVEN else set())


def test_every_name_that_is_given_is_used_and_reserved() -> None:
    """No reason is kept for a name that is gone."""
    assert set(GIVEN) <= set(MEMBERS) & RESERVED["SQL"]


@pytest.mark.parametrize(("language", "word"), [(language, "default") for language in RESERVED][1:])
def test_the_lists_are_lists_of_words(language: str, word: str) -> None:
    """A word that four of the five languages keep is in the list of each."""
    assert word in RESERVED[language]
    assert "class" in RESERVED["Python"]
