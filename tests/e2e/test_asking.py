"""What the guide to asking tells people to type is typed, and answers what the guide says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import hosts
import pytest
from commands import ROOT

from programs import output_of
from register_api.core.questionnaire.answers import QUESTIONS
from tools import need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hosts import Site
    from publications import Publication

GUIDE = (ROOT / "docs/asking.md").read_text("utf-8")

PLACE = "http://127.0.0.1:8000/"

TYPED = re.findall(r"^```sh\n(.*?)\n```\n\n```text\n(.*?)```$", GUIDE, re.DOTALL | re.MULTILINE)
"""Each command with what it prints."""


@pytest.fixture(scope="module")
def service(publication: Publication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The register of this repository as the service serves it."""
    with hosts.service(publication.store) as site:
        yield site


@pytest.mark.parametrize(("command", "printed"), TYPED)
def test_a_command_prints_what_the_guide_says(service: Site, command: str, printed: str) -> None:
    """Letter by letter."""
    need("curl")
    need("jq")
    assert command.count(PLACE) == 1
    typed = command.replace(PLACE, service.base)
    assert output_of("bash", "-c", typed).decode() == printed
    assert printed.strip()


@pytest.mark.parametrize(("member", "question"), QUESTIONS.items())
def test_the_guide_asks_each_question_as_the_service_words_it(member: str, question: str) -> None:
    """The question as a heading, and a command that asks for its answer."""
    _, found, after = GUIDE.partition(f"**{question}**\n\n```sh\n")
    assert found
    assert f".answers[].{member}" in after.partition("\n")[0]
