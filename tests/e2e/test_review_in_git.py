"""A commit with a fault in the source is refused by the hook, both ways that the guide names."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
import yaml
from commands import BIN, ROOT
from documented import documented

from programs import Done, environment, run
from publishers import Publisher
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = "docs/review-in-git.md"
FAULT = ('name = "Acme Oy"', "name = Acme Oy")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with a source."""
    Publisher(tmp_path)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "register")
    return tmp_path


def git(clone: Path, *words: str) -> Done:
    """Run git as a person with a name."""
    who = {
        f"GIT_{role}_{what}": "a@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    path = environment()["PATH"]
    env = environment(PATH=f"{BIN}:{path}", HOME=str(clone), **who)
    return run(need("git"), *words, cwd=clone, env=env)


def edit(clone: Path, old: str, new: str) -> None:
    """Edit the vendor's file."""
    path = clone / "register/subprocessors/acme.toml"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def test_a_hook_by_hand_refuses_a_fault_and_lets_the_rest_pass(clone: Path) -> None:
    """Git itself runs it."""
    assert run("bash", "-euc", documented(GUIDE, "sh", ".git/hooks"), cwd=clone).returncode == 0
    assert git(clone, "commit", "-m", "The first list").returncode == 0
    edit(clone, *FAULT)
    refused = git(clone, "commit", "-am", "A fault")
    assert refused.returncode != 0
    assert "subprocessors/acme.toml" in refused.stdout + refused.stderr
    edit(clone, *reversed(FAULT))
    edit(clone, "Runs the application", "Runs all of it")
    assert git(clone, "commit", "-am", "An edit").returncode == 0


@pytest.mark.parametrize("where", ["guide", "manifest"])
def test_the_hook_of_pre_commit_is_started_for_the_source_and_judges_it(clone: Path, where: str) -> None:
    """As pre-commit does it: the entry once, without names of files, where one of them fits."""
    if where == "guide":
        (repo,) = yaml.safe_load(documented(GUIDE, "yaml", "repo: local"))["repos"]
        (hook,) = repo["hooks"]
    else:
        (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
        assert (hook["language"], hook["additional_dependencies"]) == ("python", [".[publish]"])
    assert hook["id"] == "register-check"
    assert hook["pass_filenames"] is False
    program, *words = shlex.split(hook["entry"])
    for name, starts in {
        "register/subprocessors/acme.toml": True,
        "register/register.toml": True,
        "README.md": False,
    }.items():
        assert bool(re.search(hook["files"], name)) == starts
    assert run(BIN / program, *words, cwd=clone).returncode == 0
    edit(clone, *FAULT)
    assert run(BIN / program, *words, cwd=clone).returncode == 1
