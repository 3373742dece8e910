"""The description as data: names that last, references that lead somewhere, forms in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from register_api.core.api.answers import PROBLEMS
from register_api.core.api.openapi import STATUSES, TAGS, description, openapi_bytes
from register_api.core.api.questions import QUESTIONS, form, parameters_of
from register_api.core.canonical import parse
from register_api.serve.answer.compute import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATIONS = """
getApiCatalog getAtomArchive getAtomArchiveJws getAtomArchiveSignature getAtomArchiveXmlSignature
getAtomFeed getAtomFeedJws getAtomFeedSignature getAtomFeedTarget getAtomFeedXmlSignature
getCheckpoint getCheckpointTarget getDiff getDiscovery getEntryBundle getHealth getJsonFeed
getJsonFeedJws getJsonFeedSignature getKeys getKeysTarget getOpenapi getPartialEntryBundle
getPartialTile getPublicKey getReadiness getReference getRegister getRegisterJws getRegisterPage
getRegisterSignature getRegisterTarget getSchema getSchemaOfMinor getSecurityTxt getSubprocessor
getSubprocessorPage
getTile getTimestampReply getTrustRoot getTrustSnapshot getTrustTargets getTrustTimestamp
getVersionDiff getVersionDiffJws getVersionDiffSignature getVersionEntry getVersionPage
getVersionProof getVersionRegister getVersionRegisterJws getVersionRegisterSignature getVersions
getVersionsJws getVersionsSignature listAnswers listSubprocessors listUpcoming
"""
"""Names that generated clients call: some may join, none may go or change (docs/compatibility.md)."""


def operations() -> Iterator[dict[str, Any]]:
    """Yield every operation."""
    for item in description()["paths"].values():
        yield item["get"]


def references(value: object) -> Iterator[str]:
    """Yield every reference within a document."""
    if isinstance(value, dict):
        yield from (found for name, found in value.items() if name == "$ref")
        yield from (found for item in value.values() for found in references(item))
    if isinstance(value, list | tuple):
        yield from (found for item in value for found in references(item))


def test_names_of_operations_last() -> None:
    """Each is there once, in camel case; those that join are added to the list with a release."""
    names = [operation["operationId"] for operation in operations()]
    assert set(OPERATIONS.split()) <= set(names)
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"(get|list)([A-Z][a-z]+)+", name)] == []


def test_every_reference_leads_to_a_component_and_each_component_is_used() -> None:
    """Also those of components to each other."""
    document = description()
    there = {
        f"#/components/{kind}/{name}" for kind, found in document["components"].items() for name in found
    }
    assert set(references(document)) == there


def test_everything_is_described() -> None:
    """Operations, parameters, tags; each tag is used and each operation has one."""
    for operation in operations():
        assert operation["description"]
        assert operation["summary"]
        assert all(item["description"] for item in operation.get("parameters", []))
    assert {tag for operation in operations() for tag in operation["tags"]} == TAGS.keys()


def test_errors_are_problem_details_and_nothing_else() -> None:
    """So that a client has one type for them."""
    for status, name in STATUSES.items():
        content = description()["components"]["responses"][name].get("content", {})
        assert set(content) == ({"application/problem+json"} if status >= 400 else set())
    assert {row[0] for row in PROBLEMS.values()} <= STATUSES.keys()


def test_no_member_is_called_like_the_object_that_has_it() -> None:
    """A generated class ``Keys`` with a list ``keys`` is more than some generators can tell apart."""
    clashes = [
        f"{name}.{member}"
        for name, schema in description()["components"]["schemas"].items()
        for member, value in schema.get("properties", {}).items()
        if name.lower() == member.replace("_", "") and value.get("type") != "string"
    ]
    assert clashes == []


def test_it_is_written_once_and_canonically() -> None:
    """As RFC 8785 writes it, which ``parse`` insists on; nothing of the running program is in it."""
    assert parse(openapi_bytes()).keys() == description().keys()
    assert b"0x" not in openapi_bytes()


def test_each_question_has_an_answer_and_an_example_of_its_own_parameters() -> None:
    """The tables that have a row for each question have the same rows."""
    assert ANSWERS.keys() == {question.operation for question in QUESTIONS}
    for question in QUESTIONS:
        assert set(question.example) <= parameters_of(question.query).keys()


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, "integer from 1 to 9"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "list of a, b"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object of string"),
        ({"type": "object", "additionalProperties": True}, "object"),
        ({"anyOf": [{"$ref": "#/components/schemas/Diff"}, {"type": "null"}]}, "Diff or null"),
        ({"const": "sub-processor-register/1"}, "sub-processor-register/1"),
        ({"type": "string", "format": "date"}, "date like 2026-05-10"),
        ({"type": "string", "pattern": "^a$", "maxLength": 3}, "string like ^a$, at most 3 characters"),
        ({}, "anything"),
    ],
)
def test_forms_are_described_in_words(schema: dict[str, Any], words: str) -> None:
    """For messages and for the API reference."""
    assert form(schema) == words
