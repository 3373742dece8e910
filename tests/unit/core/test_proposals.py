"""What a publisher may have meant: each likely episode is proposed once, and nothing else ever is."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import Any

import msgspec
import pytest

from examples import FINLAND, TODAY, make_context, make_draft, make_engagement, make_register
from register_api.core import model
from register_api.core.proposals import Proposal, propose
from strategies import draft_of, vendor_source

replace = msgspec.structs.replace
GERMANY = model.Location(country="DE", place="Falkenstein", activities=("store", "process"))
SWEDEN = replace(FINLAND, country="SE", place="Stockholm")
SOON = TODAY + dt.timedelta(days=30)
OVER = make_engagement(ends_on=dt.date(2026, 3, 1))
ENDING = make_engagement(ends_on=SOON)
STARTING = make_engagement(starts_on=SOON)
MAIL = make_engagement("mail", purpose="Sends mail")
MISTAKE = model.WithdrawnSource(reason="Listed by mistake")


def vendor(id_: str, **fields: Any) -> model.SubprocessorSource:
    """Return a vendor with one engagement that shares no fact with another."""
    given = {"name": f"{id_.title()} Oy", "engagements": (make_engagement(),), **fields}
    return model.SubprocessorSource(id=id_, **given)


def proposals_for(before: list[Any], after: list[model.SubprocessorSource], **context: Any) -> list[Proposal]:
    """Return what is proposed for vendors after others were published in January."""
    previous = make_register(*before, version=4)
    return list(propose(make_draft(*after), make_context(previous, **context)))


def wanted(proposal: Proposal) -> dict[str, Any]:
    """Return the values to write, by file and key, as a TOML reader sees them."""
    return {
        f"{item.file.removeprefix('subprocessors/').removesuffix('.toml')}.{item.key}": tomllib.loads(
            f"x = {item.value}"
        )["x"]
        for item in proposal.edits
    }


EPISODES: dict[str, tuple[list[Any], list[Any], str, tuple[str, ...], dict[str, Any]]] = {
    "a name is turned about under the same id": (
        [vendor("azure", name="Azure (Microsoft)")],
        [vendor("azure", name="Microsoft (Azure)")],
        "former_name",
        ("azure",),
        {"azure.formerly": ["Azure (Microsoft)"]},
    ),
    "a name is turned about and the id with it": (
        [vendor("cumulus-acme", name="Cumulus (Acme)")],
        [vendor("acme-cumulus", name="Acme (Cumulus)")],
        "rename",
        ("cumulus-acme", "acme-cumulus"),
        {"cumulus-acme.name": "Acme (Cumulus)", "cumulus-acme.formerly": ["Cumulus (Acme)"]},
    ),
    "punctuation and legal form change": (
        [vendor("acme", name="Acme, Inc.", formerly=("Old “Acme”",))],
        [vendor("acme", name="Acme LLC", formerly=("Old “Acme”",))],
        "former_name",
        ("acme",),
        {"acme.formerly": ["Old “Acme”", "Acme, Inc."]},
    ),
    "the brand changes and all else stays": (
        [vendor("acme", legal_name="Acme Inc.", website="https://acme.example/")],
        [vendor("acme", name="Zeta", legal_name="Zeta Inc.", website="https://www.acme.example/x")],
        "former_name",
        ("acme",),
        {"acme.formerly": ["Acme Oy"]},
    ),
    "another company under an old id": (
        [vendor("acme", legal_name="Acme Inc.")],
        [vendor("acme", name="Zeta", legal_name="Zeta Inc.")],
        "replacement",
        ("acme",),
        {},
    ),
    "only the id changes": (
        [vendor("acme", name="Acme")],
        [vendor("acme-cloud", name="Acme")],
        "rename",
        ("acme", "acme-cloud"),
        {},
    ),
    "a slip in a name is put right under another id": (
        [vendor("asana", name="Assana Projects")],
        [vendor("asana-2", name="Asana Projects")],
        "rename",
        ("asana", "asana-2"),
        {"asana.name": "Asana Projects", "asana.formerly": ["Assana Projects"]},
    ),
    "one ends and its website serves the same under a new brand": (
        [vendor("acme", website="https://acme.example/")],
        [
            vendor("acme", website="https://acme.example/", engagements=(ENDING,)),
            vendor("zeta", website="https://www.acme.example/zeta", engagements=(STARTING,)),
        ],
        "rename",
        ("acme", "zeta"),
        {"acme.name": "Zeta Oy", "acme.formerly": ["Acme Oy"]},
    ),
    "a vendor that ended comes back under another id": (
        [vendor("acme", engagements=(OVER,))],
        [vendor("acme", engagements=(OVER,)), vendor("acme-2", name="Acme", engagements=(STARTING,))],
        "return",
        ("acme", "acme-2"),
        {},
    ),
    "a withdrawn vendor is put back under another id": (
        [vendor("acme", withdrawn=MISTAKE)],
        [vendor("acme", withdrawn=MISTAKE), vendor("acme-2", name="ACME Oy")],
        "return",
        ("acme", "acme-2"),
        {},
    ),
    "one ends and another starts the same": (
        [vendor("acme", engagements=(MAIL,))],
        [
            vendor("acme", engagements=(replace(MAIL, ends_on=SOON),)),
            vendor("zeta", engagements=(replace(STARTING, id="post", purpose="Sends transactional mail"),)),
        ],
        "replacement",
        ("zeta", "acme"),
        {"zeta.replaces": ["acme"]},
    ),
    "a listed vendor takes over from one that vanishes": (
        [vendor("acme", engagements=(MAIL,)), vendor("zeta")],
        [vendor("zeta", engagements=(make_engagement(), replace(MAIL, starts_on=SOON)))],
        "replacement",
        ("zeta", "acme"),
        {"zeta.replaces": ["acme"]},
    ),
    "another legal entity under one brand": (
        [vendor("acme", name="Acme", legal_name="Acme Oy", seat="FI")],
        [
            vendor("acme", name="Acme", legal_name="Acme Oy", seat="FI", engagements=(ENDING,)),
            vendor("acme-us", name="Acme", legal_name="Acme Inc.", seat="US", engagements=(STARTING,)),
        ],
        "replacement",
        ("acme-us", "acme"),
        {"acme-us.replaces": ["acme"]},
    ),
}


@pytest.mark.parametrize("episode", EPISODES)
def test_a_likely_episode_is_proposed_once(episode: str) -> None:
    """One proposal, of the vendors concerned, that says which value to write under which key."""
    before, after, kind, concerned, edits = EPISODES[episode]
    (proposal,) = proposals_for(before, after)
    assert (proposal.kind, proposal.subprocessors, wanted(proposal)) == (kind, concerned, edits)
    assert proposal.seen.endswith(".")
    assert proposal.edits or proposal.advice


@pytest.mark.parametrize("episode", [name for name, row in EPISODES.items() if row[4]])
def test_an_accepted_proposal_is_not_repeated(episode: str) -> None:
    """Once the lines are written, a newcomer that was really the old vendor left out, nothing is left."""
    before, after, kind, concerned, edits = EPISODES[episode]
    listed = {item.id: item for item in after}
    if kind == "rename":
        old, new = concerned
        listed[old] = replace(listed.pop(new), id=old)
    for place, value in edits.items():
        id_, _, key = place.partition(".")
        written = tuple(value) if isinstance(value, list) else value
        listed[id_] = replace(listed[id_], **{key: written})
    assert proposals_for(before, list(listed.values())) == []


CALM: dict[str, tuple[list[Any], list[Any]]] = {
    "two go into one, which only the publisher can know": (
        [vendor("north"), vendor("south")],
        [
            vendor("north", engagements=(ENDING,)),
            vendor("south", engagements=(ENDING,)),
            vendor("union", name="North & South Oy", engagements=(STARTING,)),
        ],
    ),
    "one goes into two, which only the publisher can know": (
        [vendor("union", name="North South Oy")],
        [
            vendor("union", name="North South Oy", engagements=(ENDING,)),
            vendor("north", engagements=(STARTING,)),
            vendor("south", engagements=(STARTING,)),
        ],
    ),
    "another country soon after, which may have been wrong or may be new": (
        [vendor("acme", engagements=(make_engagement(locations=(SWEDEN,)),))],
        [vendor("acme")],
    ),
    "nothing changes": ([vendor("acme"), vendor("beta")], [vendor("acme"), vendor("beta")]),
    "the order changes": ([vendor("acme"), vendor("beta")], [vendor("beta"), vendor("acme")]),
    "a column is added": (
        [vendor(name) for name in "abcdefgh"],
        [vendor(name, website="https://v.example/", seat="FI") for name in "abcdefgh"],
    ),
    "a column of places is added": (
        [vendor(name, engagements=(make_engagement(locations=()),)) for name in "abc"],
        [vendor(name) for name in "abc"],
    ),
    "only links change": (
        [vendor("acme", privacy_url="https://a.example/")],
        [vendor("acme", privacy_url="https://b.example/")],
    ),
    "many are added at once": (
        [vendor("acme")],
        [vendor("acme"), *(vendor(f"new-{number}", engagements=(STARTING,)) for number in range(30))],
    ),
    "many numbered vendors go and as many come": (
        [vendor(f"v{number}", name=f"Vendor {number}") for number in range(10)],
        [vendor(f"w{number}", name=f"Vendor {number}") for number in range(10, 20)],
    ),
    "one ends and an unrelated one starts": (
        [vendor("acme", engagements=(MAIL,))],
        [vendor("acme", engagements=(replace(MAIL, ends_on=SOON),)), vendor("zeta", engagements=(STARTING,))],
    ),
    "purposes share one word of two": (
        [vendor("acme", engagements=(make_engagement(purpose="Hosts the database"),))],
        [
            vendor("acme", engagements=(replace(ENDING, purpose="Hosts the database"),)),
            vendor("zeta", engagements=(replace(STARTING, purpose="Hosts the website"),)),
        ],
    ),
    "the same purpose in another category": (
        [vendor("acme")],
        [
            vendor("acme", engagements=(ENDING,)),
            vendor("zeta", engagements=(replace(STARTING, category="support"),)),
        ],
    ),
    "the same purpose half a year later": (
        [vendor("acme")],
        [
            vendor("acme", engagements=(ENDING,)),
            vendor("zeta", engagements=(make_engagement(starts_on=SOON + dt.timedelta(days=180)),)),
        ],
    ),
    "two newcomers could both be the successor": (
        [vendor("acme")],
        [
            vendor("acme", engagements=(ENDING,)),
            vendor("zeta", engagements=(STARTING,)),
            vendor("omega", engagements=(STARTING,)),
        ],
    ),
    "an end that was published before": (
        [vendor("acme", engagements=(ENDING,))],
        [vendor("acme", engagements=(ENDING,)), vendor("zeta", engagements=(STARTING,))],
    ),
    "one of two engagements ends": (
        [vendor("acme", engagements=(make_engagement(), MAIL))],
        [
            vendor("acme", engagements=(make_engagement(), replace(MAIL, ends_on=SOON))),
            vendor("zeta", engagements=(replace(MAIL, starts_on=SOON),)),
        ],
    ),
    "the newcomer names the vendor it replaces": (
        [vendor("acme")],
        [
            vendor("acme", engagements=(ENDING,)),
            vendor("zeta", replaces=("acme",), engagements=(STARTING,)),
            vendor("omega", engagements=(STARTING,)),
        ],
    ),
    "a former name is kept": ([vendor("acme")], [vendor("acme", name="Zeta", formerly=("Acme Oy",))]),
    "capitals and white space": ([vendor("acme", name="Git Hub")], [vendor("acme", name="GitHub")]),
    "products of one company, one new": (
        [vendor("cloud", name="Acme Cloud", website="https://acme.example/", legal_name="Acme")],
        [
            vendor("cloud", name="Acme Cloud", website="https://acme.example/", legal_name="Acme"),
            vendor(
                "ads",
                name="Acme Ads",
                website="https://acme.example/",
                legal_name="Acme",
                engagements=(MAIL,),
            ),
        ],
    ),
    "one product of a company ends and another of other use starts": (
        [vendor("cloud", name="Acme Cloud", website="https://acme.example/")],
        [
            vendor("cloud", name="Acme Cloud", website="https://acme.example/", engagements=(ENDING,)),
            vendor(
                "ads",
                name="Acme Ads",
                website="https://acme.example/",
                engagements=(replace(MAIL, starts_on=SOON),),
            ),
        ],
    ),
    "two companies of one brand at once": (
        [vendor("acme", name="Acme", seat="FI")],
        [
            vendor("acme", name="Acme", seat="FI"),
            vendor("acme-us", name="Acme", seat="US", engagements=(replace(MAIL, starts_on=SOON),)),
        ],
    ),
    "a daughter of the same name says whose it is": (
        [vendor("acme", name="Acme")],
        [vendor("acme", name="Acme"), vendor("acme-mail", name="Acme", parent="acme", engagements=(MAIL,))],
    ),
    "a vendor becomes available and nobody starts": (
        [vendor("acme")],
        [vendor("acme", engagements=(make_engagement(status="available"),))],
    ),
    "a withdrawal is stated already": ([vendor("acme")], [vendor("acme", withdrawn=MISTAKE)]),
    "a withdrawn vendor is listed again": ([vendor("acme", withdrawn=MISTAKE)], [vendor("acme")]),
    "two of one word in common end when a third starts": (
        [vendor("acme-cloud", name="Acme Cloud"), vendor("acme", name="Acme")],
        [
            vendor("acme-cloud", name="Acme Cloud", engagements=(ENDING,)),
            vendor("acme", name="Acme", engagements=(ENDING,)),
            vendor("x", name="Acme Cloud Zeta", engagements=(replace(MAIL, starts_on=SOON),)),
        ],
    ),
    "a vendor vanishes and nobody is like it": (
        [vendor("acme"), vendor("beta", engagements=(MAIL,))],
        [vendor("acme")],
    ),
}


@pytest.mark.parametrize("case", CALM)
def test_no_false_alarm(case: str) -> None:
    """Unremarkable or ambiguous changes propose nothing."""
    assert proposals_for(*CALM[case]) == []


def test_many_edits_after_fifteen_months_propose_nothing() -> None:
    """Many edits of details, one end, two starts of the same kind: nothing can be concluded from that."""
    names = [f"v{number:02}" for number in range(28)]
    before = [vendor(name, website="https://old.example/") for name in names]
    after = [vendor(name, website="https://new.example/", address="Street 1") for name in names[1:]]
    after += [vendor(names[0], engagements=(ENDING,)), *(vendor(name) for name in ("new-1", "new-2"))]
    assert proposals_for(before, after) == []


def test_before_version_1_there_is_nothing_to_propose() -> None:
    """A first version is compared with nothing."""
    assert propose(make_draft(vendor("acme"), vendor("acme-2", name="Acme")), make_context()) == ()


def test_a_correction_proposes_no_former_name() -> None:
    """A name that was wrong from the start is not one by which the vendor was known."""
    context = {"reason": model.Reason(kind="correction"), "corrects": 4}
    assert proposals_for([vendor("acme")], [vendor("acme", name="Zeta")], **context) == []


def test_two_newcomers_of_the_name_of_one_that_ended_are_left_alone() -> None:
    """It is unknown which of them returned."""
    over = vendor("acme", engagements=(OVER,))
    again = [vendor(id_, name="Acme", engagements=(STARTING,)) for id_ in ("acme-2", "acme-3")]
    assert proposals_for([over], [over, *again]) == []


def test_the_file_of_a_vendor_that_had_ended_is_renamed() -> None:
    """Its id stays, over or not."""
    (rename,) = proposals_for([vendor("acme", engagements=(OVER,))], [vendor("acme-2", name="Acme Oy")])
    assert (rename.kind, rename.subprocessors) == ("rename", ("acme", "acme-2"))


def test_a_vendor_that_vanishes_is_to_be_brought_back() -> None:
    """What was published stays (R03), whatever else is proposed."""
    (successor,) = proposals_for(*EPISODES["a listed vendor takes over from one that vanishes"][:2])
    assert "Bring subprocessors/acme.toml back, with ends_on" in successor.advice
    assert "Acme Oy is no longer in any file" in successor.seen
    (rename,) = proposals_for(*EPISODES["only the id changes"][:2])
    assert "Bring subprocessors/acme.toml back" in rename.advice


def test_hundreds_of_vendors_rekeyed_at_once_are_found_by_name() -> None:
    """A thousand vendors, half of them under new ids: each is found, and it does not take minutes."""
    before = [vendor(f"a{n}", name=f"Company {n:04x}z") for n in range(1000)]
    after = before[:500] + [replace(item, id=f"b{n}") for n, item in enumerate(before[500:])]
    found = proposals_for(before, after)
    assert [item.kind for item in found] == ["rename"] * 500


def test_a_published_register_proposes_nothing_of_itself() -> None:
    """The source behind a version, edited nowhere."""
    register = make_register(vendor("acme", engagements=(ENDING, MAIL)), vendor("acme-2", name="Acme"))
    draft = replace(draft_of(register), subprocessors=tuple(map(vendor_source, register.subprocessors)))
    assert propose(draft, make_context(register)) == ()
