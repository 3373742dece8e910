"""The list of attacks is whole: nothing is lost, named twice, or left out of the README."""

from __future__ import annotations

from collections import Counter

import pytest
from customer import WORDS, verify_files
from listing import README, render
from rooms import ATTACKS

from register_api.verify.checks.check_table import CHECKS

HONEST = {attack.begin for attack in ATTACKS}


def test_every_attack_has_a_name_of_its_own() -> None:
    """Two attacks of one name would be one in every list."""
    assert [name for name, count in Counter(attack.id for attack in ATTACKS).items() if count > 1] == []


def test_every_attack_says_what_it_does() -> None:
    """One sentence, and a reason where a lie is not found."""
    assert [attack.id for attack in ATTACKS if not attack.sentence.endswith(".")] == []
    assert [attack.id for attack in ATTACKS if attack.code == 0 and not attack.why] == []


def test_every_attack_has_a_code_and_a_check_that_there_are() -> None:
    """A code of verify, found by one of its checks; without a check, words that are told instead."""
    known = {check.id for check in CHECKS}
    assert {attack.code for attack in ATTACKS} == {0, 2, *(code for code in WORDS if code >= 10)}
    assert [attack.id for attack in ATTACKS if attack.check and attack.check not in known] == []
    assert [one.id for one in ATTACKS if one.code != 0 and not (one.check or one.says)] == []


def test_every_check_finds_something() -> None:
    """A check that no attack needs would be one that nobody has seen fail."""
    assert {check.id for check in CHECKS} - {attack.check for attack in ATTACKS} == set()


def test_no_attack_was_lost() -> None:
    """There were so many when this was written; fewer would be a loss."""
    assert len(ATTACKS) >= 750


def test_the_readme_lists_them() -> None:
    """Run ``python tests/attacks/listing.py`` after each change."""
    assert README.read_text("utf-8") == render()


@pytest.mark.parametrize(
    "begin", sorted(HONEST, key=lambda begin: begin.__name__), ids=lambda begin: begin.__name__
)
def test_the_honest_tree_is_good(begin, tmp_path) -> None:
    """What attacks begin with is verified, so that they fail for the reason they name."""
    verify_files(begin().files, tmp_path)
