"""`deploy` as people call it: what it says, how it ends, and what it never says."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING

import pytest

from breaking_disk import dying_after
from deploying import copied, held, wanted
from register_api.core.format import tree
from register_api.deploy import plan, sending
from register_api.deploy.target import Folder
from static_host import static_host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result
    from conftest import Clock

    from publishers import Publisher

    Call = Callable[..., Result]

SECRET = "canary-5512-secret"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_PAUSES", (0, 0))


@pytest.fixture
def published(call: Call, publisher: Publisher) -> Publisher:
    assert call("publish").exit_code == 0
    return publisher


def test_a_folder_is_brought_up_to_date_and_verified_from_outside(
    call: Call, published: Publisher, folder: Path, clock: Clock
) -> None:
    with_host = folder / "www"
    with_host.mkdir()
    with static_host(with_host) as base:
        for seconds in (0, 1):
            clock.pass_by(seconds=seconds)
            call("refresh", "--offline")
            result = call("deploy", "www", "--base-url", base)
            assert result.exit_code == 0, result.output
            assert f"Verified from outside: {base}/ serves version 1, fresh until 20" in result.stdout
    assert "1 file (" in result.stdout
    assert held(Folder(with_host), published) == wanted(published)
    served = {path.relative_to(with_host) for path in with_host.rglob("*") if path.is_file()}
    public = published.store / "public"
    assert served == {path.relative_to(public) for path in public.rglob("*") if path.is_file()}


def test_what_is_served_elsewhere_is_not_taken_for_what_was_deployed(
    call: Call, published: Publisher, folder: Path, clock: Clock
) -> None:
    call("deploy", "www", "--no-verify")
    with static_host(folder / "www") as base:
        clock.pass_by(hours=3)
        call("refresh", "--offline")
        result = call("deploy", "elsewhere", "--base-url", base)
    assert result.exit_code == 1
    assert "serves something else than was deployed" in result.stderr


def test_a_clock_that_is_ahead_is_told_at_once(
    call: Call, published: Publisher, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is served is what was deployed: no cache is waited for."""
    monkeypatch.setattr(sending, "_PAUSES", (0, 10_000))
    call("deploy", "www", "--no-verify")
    clock.pass_by(days=3)
    with static_host(folder / "www") as base:
        result = call("deploy", "www", "--base-url", base)
    assert result.exit_code == 13
    assert "stale: " in result.stderr


def test_a_host_that_damages_ends_it_with_what_verify_finds(
    call: Call, published: Publisher, folder: Path
) -> None:
    call("deploy", "www", "--no-verify")
    path = folder / "www" / tree.REGISTER.path()
    path.write_bytes(path.read_bytes().replace(b"Acme", b"Acne"))
    with static_host(folder / "www") as base:
        result = call("deploy", "www", "--base-url", base)
        assert result.exit_code in {12, 18}
        assert "NOT verified from outside; register-api verify" in result.stdout
        assert len(result.stderr.splitlines()) <= 2
        assert call("deploy", "www", "--base-url", base, "--repair").exit_code == 0


def test_it_says_plainly_what_was_not_verified(call: Call, published: Publisher) -> None:
    result = call("deploy", "www", "--no-verify")
    assert result.exit_code == 0
    assert "NOT verified from outside: --no-verify." in result.stdout


def test_a_dry_run_lists_what_would_be_sent(call: Call, published: Publisher, folder: Path) -> None:
    result = call("deploy", "www", "--dry-run")
    assert result.exit_code == 0
    assert all(f"  {path}\n" in result.stdout for path in wanted(published))
    assert "would be sent" in result.stdout
    assert not (folder / "www").exists()


def test_machines_get_json(call: Call, published: Publisher, folder: Path) -> None:
    (folder / "www").mkdir()
    with static_host(folder / "www") as base:
        found = json.loads(call("deploy", "www", "--base-url", base, "--json").stdout)
    assert set(wanted(published)) <= set(found["sent"])
    assert (found["version"], found["served"], found["verified"]["exit_code"]) == (1, True, 0)
    dry = json.loads(call("deploy", "www", "--dry-run", "--json").stdout)
    assert (dry["sent"], dry["verified"], dry["dry_run"]) == ([], None, True)


def test_a_store_that_is_behind_ends_with_rolled_back(
    call: Call, published: Publisher, folder: Path, clock: Clock
) -> None:
    old = copied(published, folder / "old")
    clock.pass_by(hours=1)
    published.say("second")
    call("publish", "--offline")
    assert call("deploy", str(folder / "www"), "--no-verify").exit_code == 0
    result = call("deploy", str(folder / "www"), "--store", str(old.store), "--no-verify")
    assert result.exit_code == 14
    assert "register-api recover --from https://example.com/" in result.stderr


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS], ids=errno.errorcode.get)
@pytest.mark.parametrize("steps", [0, 3, 40, 300, 700])
def test_a_folder_that_takes_no_more_is_told_and_the_same_command_goes_on(
    call: Call, published: Publisher, folder: Path, number: int, steps: int
) -> None:
    with dying_after(steps, lambda: OSError(number, os.strerror(number), "/www/file")):
        result = call("deploy", "www", "--no-verify")
    assert result.exit_code == 1
    assert os.strerror(number) in result.stderr
    assert "then run the same command again" in result.stderr
    assert call("deploy", "www", "--no-verify").exit_code == 0
    assert held(Folder(folder / "www"), published) == wanted(published)
    assert list((folder / "www").rglob("*.new")) == []


def test_a_store_that_may_only_be_read_is_deployed_with_a_note(
    call: Call, published: Publisher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (published.store / "deployed").write_text("a file where the folder would be")
    result = call("deploy", "www", "--no-verify")
    assert result.exit_code == 0
    assert "cannot keep what was sent" in result.stderr
    assert held(Folder(folder / "www"), published) == wanted(published)


def test_an_interruption_says_how_far_it_came(
    call: Call, published: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(plan.ThreadPoolExecutor, "map", interrupted)
        result = call("deploy", "www", "--no-verify")
    assert result.exit_code == 130
    assert "interrupted; the same command completes what is at " in result.stderr
    assert call("deploy", "www", "--no-verify").exit_code == 0


def test_two_at_once_do_not_write_into_one_folder(call: Call, published: Publisher, folder: Path) -> None:
    with Folder(folder / "www").writing():
        result = call("deploy", "www", "--no-verify")
    assert result.exit_code == 1
    assert "another process is deploying" in result.stderr


@pytest.mark.parametrize(
    "target",
    [
        "ftp://host/x",
        f"s3://key:{SECRET}@bucket",
        f"az://container?sig={SECRET}",
        "s3://",
        "file://host/x",
        "store/public",
        "store",
        "/",
        "memory:///",
    ],
)
def test_what_is_not_a_target_is_wrong_use(call: Call, published: Publisher, target: str) -> None:
    result = call("deploy", target)
    assert result.exit_code == 2, result.output
    assert SECRET not in result.output


def test_no_secret_is_printed_where_nothing_answers(
    call: Call, published: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AZURE_STORAGE_SAS_TOKEN"):
        monkeypatch.setenv(name, f"sig={SECRET}")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    for target in ("s3://bucket/prefix", "az://container/prefix"):
        result = call("deploy", target, "--endpoint", "http://127.0.0.1:1")
        assert (result.exit_code, SECRET in result.output) == (1, False)
        assert "no connection" in result.stderr
        assert "run the same command again" in result.stderr


def test_an_empty_store_and_an_endpoint_for_a_folder_are_wrong_use(call: Call, publisher: Publisher) -> None:
    assert "nothing was published into" in call("deploy", "www").stderr
    call("publish")
    assert call("deploy", "www", "--endpoint", "http://127.0.0.1:1").exit_code == 2
    assert call("deploy", "gs://bucket", "--endpoint", "http://127.0.0.1:1").exit_code == 2
