"""Some attacks of each room, with the command and its process as a customer starts them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from customer import judge
from rooms import ATTACKS

from programs import Done, environment, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from taken_over import Host

COMMAND = Path(sys.executable).parent / "register-api"
SAMPLE = (
    ("service", "documents: signature of another version at the head"),
    ("static host", "headers: algorithm none"),
    ("service", "freshness: expired timestamp"),
    ("static host", "root keys: one signature of two"),
    ("service", "checkpoints: checkpoint by a stranger"),
    ("static host", "bytes: register: 100,000 deep"),
    ("service", "feed signature: XML signature: XSLT transform"),
    ("static host", "roots: whole tree of another to a stranger"),
)
BY_ID = {attack.id: attack for attack in ATTACKS}


@pytest.fixture(scope="module")
def outcomes(hosts: Mapping[str, Host]) -> Mapping[str, Done]:
    """What each process ended with: a tree is shown, the process looks at it, the next tree is shown."""
    found = {}
    for host, name in SAMPLE:
        publisher = BY_ID[name].begin().copy()
        served = BY_ID[name].lie(publisher)
        hosts[host].show(publisher.files if served is None else served)
        found[name] = _run("verify", hosts[host].base)
    return found


def _run(*arguments: str) -> Done:
    return run(COMMAND, *arguments, env=environment(NO_COLOR="1"))


@pytest.mark.parametrize(("host", "name"), SAMPLE, ids=[name for _, name in SAMPLE])
def test_a_process_ends_with_the_same_code(
    outcomes: Mapping[str, Done],
    host: str,
    name: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Exit code, kind in words, no traceback on either output."""
    done = outcomes[name]
    assert done.stderr == ""
    judge(BY_ID[name], done.returncode, done.stdout)
    record_property("attacked", (name, f"{host}, by a process of its own"))
