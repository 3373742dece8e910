"""Proposals of whatever was edited: always data about vendors that exist, and none where nothing was."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from examples import make_context
from register_api.core.proposals import propose
from strategies import draft_of, drafts, register_pairs, registers
from thoroughness import examples

if TYPE_CHECKING:
    from register_api.core import model


@settings(max_examples=examples(40), deadline=None)
@given(register_pairs(removals=True), st.integers(0, 40))
def test_any_edit_gives_proposals_that_can_be_written(
    pair: tuple[model.Register, model.Register], days: int
) -> None:
    """They name vendors and files that exist before or after, one proposal a vendor."""
    older, newer = pair
    now = older.published_at + dt.timedelta(days=days)
    found = propose(draft_of(newer), make_context(older, now=now))
    known = {vendor.id for register in pair for vendor in register.subprocessors}
    concerned = [id_ for proposal in found for id_ in proposal.subprocessors]
    assert known.issuperset(concerned)
    assert all(proposal.edits or proposal.advice for proposal in found)
    assert len(concerned) == len(set(concerned))
    for item in (item for proposal in found for item in proposal.edits):
        assert item.file.removeprefix("subprocessors/").removesuffix(".toml") in known
        assert tomllib.loads(f"{item.key} = {item.value}").keys() == {item.key}


@settings(max_examples=examples(20), deadline=None)
@given(registers(), st.integers(0, 400))
def test_an_unchanged_source_gives_no_proposals(register: model.Register, days: int) -> None:
    """However much time goes by."""
    now = register.published_at + dt.timedelta(days=days)
    assert propose(draft_of(register), make_context(register, now=now)) == ()


@settings(max_examples=examples(20), deadline=None)
@given(registers(), drafts())
def test_unrelated_registers_give_no_exception(register: model.Register, draft: model.Draft) -> None:
    """Whatever the source says, it is compared and never refused here."""
    propose(draft, make_context(register, now=register.published_at))
