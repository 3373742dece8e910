"""Every attack ends in its exit code, told in words, whoever serves the lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from customer import PATIENT, QUICK, judge, verify
from rooms import ATTACKS

from memory_publisher import NOW
from register_api import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from attack import Attack
    from taken_over import Host

HOSTED = [(attack, host) for attack in ATTACKS if attack.answers is None for host in attack.hosts]
ON_THE_WAY = [attack for attack in ATTACKS if attack.answers is not None]


@pytest.mark.parametrize(("attack", "host"), HOSTED, ids=[f"{one.id}, {host}" for one, host in HOSTED])
def test_a_host_that_was_taken_over_is_found_out(
    attack: Attack,
    host: str,
    hosts: Mapping[str, Host],
    remembered: Callable[[Attack, Host], bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """Our own service and a static host, each with the attacker's files."""
    server, publisher = hosts[host], attack.begin().copy()
    arguments = [server.base, *attack.arguments(publisher)]
    if attack.remembers:
        (tmp_path / "state.json").write_bytes(remembered(attack, server))
        arguments += ["--state", str(tmp_path)]
    arguments += attack.brings(tmp_path)
    served = attack.lie(publisher)
    server.show(publisher.files if served is None else served)
    if attack.memory is not None:
        attack.memory(tmp_path)
    if attack.later:
        monkeypatch.setattr(clock, "now", lambda: NOW + attack.later)
    done = verify(*arguments)
    judge(attack, done.exit_code, done.output)
    record_property("attacked", (attack.id, host))


@pytest.mark.parametrize("attack", ON_THE_WAY, ids=lambda attack: attack.id)
def test_a_hostile_server_is_found_out_in_bounded_time(
    attack: Attack,
    hostile: Callable[..., str],
    bounded: Callable[..., None],
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """Nothing that is done on the way makes the customer wait for ever, or believe."""
    publisher = attack.begin().copy()
    served = attack.lie(publisher)
    bounded(QUICK if attack.code == 10 else PATIENT)
    if attack.knows:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    base = hostile(attack, publisher.files if served is None else served)
    done = verify(base, *attack.arguments(publisher))
    judge(attack, done.exit_code, done.output)
    record_property("attacked", (attack.id, "hostile server"))
