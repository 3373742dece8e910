"""Hooks that refuse a commit with a fault, as the guide names them; outside judges of the jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from commands import BIN, ROOT, register_api
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


def test_pre_commit_refuses_a_fault_and_lets_the_rest_pass(clone: Path) -> None:
    """The tool itself, with the lines of the guide."""
    config = documented(GUIDE, "yaml", "repo: local")
    (clone / ".pre-commit-config.yaml").write_text(config, "utf-8")
    git(clone, "add", ".")
    passed = pre_commit(clone, "run")
    assert passed.returncode == 0, passed.stdout
    assert "register of sub-processors" in passed.stdout
    assert "Passed" in passed.stdout
    edit(clone, *FAULT)
    git(clone, "add", ".")
    refused = pre_commit(clone, "run")
    assert refused.returncode == 1
    assert "subprocessors/acme.toml" in refused.stdout
    assert "no files to check" in pre_commit(clone, "run", "--files", "README.md").stdout


def pre_commit(clone: Path, *words: str | Path) -> Done:
    """Run pre-commit, which keeps what it makes within the test."""
    path = f"{BIN}:{environment()['PATH']}"
    env = environment(
        PATH=path, HOME=str(clone), PRE_COMMIT_HOME=str(clone / ".cache"), PRE_COMMIT_COLOR="never"
    )
    return run(BIN / "pre-commit", *words, cwd=clone, env=env)


def test_the_hook_for_other_repositories_is_the_one_of_the_guide(clone: Path) -> None:
    """With what it needs, and in the form that pre-commit reads."""
    manifest = ROOT / ".pre-commit-hooks.yaml"
    judged = pre_commit(clone, "validate-manifest", manifest)
    assert judged.returncode == 0, judged.stdout
    (theirs,) = yaml.safe_load(manifest.read_text("utf-8"))
    (local,) = yaml.safe_load(documented(GUIDE, "yaml", "repo: local"))["repos"][0]["hooks"]
    ours = {
        "language": "python",
        "additional_dependencies": [".[publish]"],
        "description": theirs["description"],
    }
    assert theirs == {**local, **ours}


SCHEMAS = {
    "github": ("vendor.github-workflows",),
    "gitlab": ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
}


@pytest.mark.parametrize("form", SCHEMAS)
def test_the_services_own_schemas_take_the_jobs(tmp_path: Path, form: str) -> None:
    """Those that check-jsonschema carries along; nothing is fetched."""
    file = tmp_path / "jobs.yml"
    assert register_api("export", f"--{form}", "-o", file).returncode == 0
    judged = run(BIN / "check-jsonschema", "--builtin-schema", *SCHEMAS[form], file)
    assert judged.returncode == 0, judged.stdout
    file.write_text(
        file.read_text("utf-8").replace("script:", "scripts:").replace("runs-on:", "runs:"), "utf-8"
    )
    assert run(BIN / "check-jsonschema", "--builtin-schema", *SCHEMAS[form], file).returncode == 1


def test_an_auditor_of_workflows_finds_nothing(tmp_path: Path) -> None:
    """Zizmor: injection, rights, unpinned actions, secrets outside of environments, and more of its kind."""
    file = tmp_path / "jobs.yml"
    assert register_api("export", "--github", "-o", file).returncode == 0
    words = ("--offline", "--no-progress", "--format", "json")
    judged = run(BIN / "zizmor", *words, file)
    assert (judged.returncode, json.loads(judged.stdout)) == (0, []), judged.stdout
    careless = file.read_text("utf-8").replace(
        "register-api preview", "echo ${{ github.head_ref }}; register-api preview"
    )
    file.write_text(careless, "utf-8")
    assert "template-injection" in run(BIN / "zizmor", *words, file).stdout
