"""A register is published, stamped, served, checked and kept: every step by the real command."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import hosts
import pytest
from commands import publish, register_api
from sources import copy_register

from evidence_packages import check_package
from memory_folder import memory_folder
from register_api.core.format import tree
from register_api.core.log.proofs import parse_proof
from register_api.store.reader import open_snapshot
from time_authority import authority, honest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hosts import Site


@pytest.fixture(scope="module")
def store() -> Iterator[Path]:
    """A store whose one version was stamped as it was published."""
    with memory_folder() as folder, honest() as asked:
        source = copy_register(folder)
        ask = ("--time-authority", asked.url, "--time-authority-certificate", str(authority().root))
        done = publish(source, folder / "store", folder / "keys", *ask)
        assert done.returncode == 0, done.stderr
        assert "History up to version 1 is time-stamped since" in done.stderr
        yield folder / "store"


@pytest.fixture(params=["service", "nginx"])
def site(request: pytest.FixtureRequest, store: Path, tmp_path: Path) -> Iterator[Site]:
    """The store as the service serves it, and as a static host does."""
    running = hosts.service(store) if request.param == "service" else None
    with running or hosts.nginx(store / "public", tmp_path) as found:
        yield found


def test_a_stamp_is_served_as_what_it_is_and_for_ever(site: Site, store: Path) -> None:
    """Type and cache class on both hosts; openssl verifies what is served."""
    data, headers = site.ask(tree.TIME_STAMP.path(1))
    assert headers["Content-Type"] == "application/timestamp-reply"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    checkpoint = parse_proof(site.get(tree.VERSION_PROOF.path(1))).checkpoint
    assert authority().verifies(data, checkpoint)
    snapshot = open_snapshot(store)
    assert snapshot is not None
    assert snapshot.read(tree.CHECKPOINT.path()) == checkpoint


def test_a_customer_checks_keeps_and_checks_again(site: Site, store: Path, tmp_path: Path) -> None:
    """Served; kept with its evidence; and thirty years later."""
    root, accepted = store / "public/trust/1.root.json", ("--stamped-by", authority().root)
    verified = register_api("verify", site.base, "--root", root, *accepted)
    assert verified.returncode == 0, verified.stdout
    assert "ok           V28" in verified.stdout
    assert "\nTimestamp:   size 1 at " in verified.stdout
    other = register_api("verify", site.base, "--root", root, "--stamped-by", authority("Other").root)
    assert other.returncode == 12, other.stdout
    file = tmp_path / "evidence.zip"
    written = register_api("evidence", site.base, "--version", "1", "-o", file, "--root", root)
    assert written.returncode == 0, written.stdout
    offline = register_api("verify", "--offline", file, "--root", root, *accepted)
    assert offline.returncode == 0, offline.stdout
    assert "ok           V28" in offline.stdout
    later = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=30 * 365)
    report = check_package(tmp_path, file.read_bytes(), now=later, stamped_by=authority().anchors)
    assert report.exit_code == 0
    assert report.time_stamp is not None
