"""Programs that we did not write judge the description: linters, and generators of clients.

A client that was generated from one register's service is used with another register, which has other
categories.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

import stores
from node_judges import FOLDER, MODULES, need_package
from patience import PATIENCE
from programs import environment, run
from register_api.core.format import tree
from running import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from publications import Publication

Document = dict[str, Any]

ALONE = environment(REDOCLY_TELEMETRY="off", REDOCLY_SUPPRESS_UPDATE_NOTICE="true", NO_COLOR="1")
"""Linters neither tell anyone that they were used nor ask whether there are newer ones."""


@pytest.fixture(scope="module")
def bases(publication: Publication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Two registers of different publishers, served."""
    other = stores.make_store(tmp_path_factory.mktemp("other"), 2)
    with running(publication.store) as first, running(other) as second:
        yield [first, second]


def served(base: str, reference: str) -> Document:
    """Return a document that is served."""
    return dict(httpx.get(urljoin(base, reference), timeout=PATIENCE).json())


def register(base: str) -> Document:
    """Return the newest register that is served."""
    return served(base, tree.REGISTER.path())


def own_categories(bases: Sequence[str]) -> list[str]:
    """Return a category of each register that the other one does not know."""
    known = [{item["id"] for item in register(base)["categories"]} for base in bases]
    return [min(known[0] - known[1]), min(known[1] - known[0])]


@pytest.fixture
def file(bases: list[str], tmp_path: Path) -> Path:
    """The description as the first of the services has it."""
    path = tmp_path / "openapi.json"
    path.write_bytes(httpx.get(urljoin(bases[0], tree.OPENAPI.path()), timeout=PATIENCE).content)
    return path


def redocly(file: Path) -> list[str]:
    """Return the rules of Redocly's recommended set that find something."""
    need_package("@redocly/cli")
    program = MODULES / ".bin" / "redocly"
    # The tag of a language is the name of no folder beside it, which the rule cannot see.
    passed_over = ("--skip-rule", "no-ambiguous-paths")
    options = ("--extends", "recommended", *passed_over, "--format", "json")
    done = run(program, "lint", file, *options, cwd=file.parent, env=ALONE)
    return [problem["ruleId"] for problem in json.loads(done.stdout)["problems"]]


def spectral(file: Path) -> list[str]:
    """Return the rules of Spectral's set for OpenAPI that find something."""
    need_package("@stoplight/spectral-cli")
    program = MODULES / ".bin" / "spectral"
    rules = FOLDER / "spectral.yaml"
    done = run(program, "lint", "--ruleset", rules, "--format", "json", "--quiet", file, cwd=file.parent)
    return [problem["code"] for problem in json.loads(done.stdout)]


def judge(bases: Sequence[str], found: Sequence[Document]) -> None:
    """Compare what a client found at each register with what is served there."""
    for base, category, seen in zip(bases, own_categories(bases), found, strict=True):
        asked = served(base, f"v1/subprocessors?category={category}")
        assert seen == {
            "register": register(base)["register"],
            "subprocessors": [vendor["id"] for vendor in asked["subprocessors"]],
            "changes": len(served(base, tree.VERSION_DIFF.path(1))["changes"]),
            "refused": True,
        }
    assert all(seen["changes"] for seen in found)
    assert any(seen["subprocessors"] for seen in found)


def without_description(file: Path) -> Path:
    """Write the description once more, with a flaw that every linter finds."""
    document = json.loads(file.read_text("utf-8"))
    del document["paths"]["/v1/diff"]["get"]["description"], document["info"]["license"]
    flawed = file.with_name("flawed.json")
    flawed.write_text(json.dumps(document), "utf-8")
    return flawed


@pytest.mark.parametrize("linter", [redocly, spectral])
def test_a_linter_finds_nothing(file: Path, linter: Callable[[Path], list[str]]) -> None:
    """By the rules that it recommends, not even a warning; and it would find something if there was."""
    assert linter(file) == []
    assert linter(without_description(file)) != []


def test_it_is_valid_openapi(file: Path) -> None:
    """By another implementation of the specification's own schema."""
    document = json.loads(file.read_text("utf-8"))
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    del document["info"]["title"]
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) != []


def test_a_typescript_client_of_one_register_works_with_another(
    file: Path, bases: list[str], tmp_path: Path
) -> None:
    """openapi-typescript makes its types, ``tsc --strict`` compiles it once, node runs it."""
    for package in ("openapi-typescript", "openapi-fetch", "typescript"):
        need_package(package)
    (tmp_path / "node_modules").symlink_to(MODULES.resolve())
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "client.ts").write_bytes((FOLDER / "client.ts").read_bytes())
    made = run(MODULES / ".bin" / "openapi-typescript", file, "-o", "schema.d.ts", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    options = ["--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "nodenext"]
    compiled = run(MODULES / ".bin" / "tsc", *options, "client.ts", cwd=tmp_path)
    assert compiled.returncode == 0, compiled.stdout
    asked = [part for pair in zip(bases, own_categories(bases), strict=True) for part in pair]
    done = run("node", "client.js", *asked, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    judge(bases, [json.loads(line) for line in done.stdout.splitlines()])


PYTHON_CLIENT = """\
import json
import sys

from client import Client
from client.api.questions import list_subprocessors
from client.api.register import get_register
from client.api.versions import get_version_diff
from client.models import Diff, ProblemDetails, Register, SubprocessorsAnswer


def look(base: str, category: str) -> dict[str, object]:
    client = Client(base_url=base)
    register = get_register.sync(client=client)
    assert isinstance(register, Register)
    found = list_subprocessors.sync(client=client, category=[category], limit=1000)
    assert isinstance(found, SubprocessorsAnswer)
    refused = list_subprocessors.sync(client=client, category=["no-such-category"])
    assert isinstance(refused, ProblemDetails)
    diff = get_version_diff.sync(1, client=client)
    assert isinstance(diff, Diff)
    return {
        "register": register.register,
        "changes": len(diff.changes),
        "subprocessors": [vendor.id for vendor in found.subprocessors],
        "refused": category in (refused.allowed or []),
    }


print(json.dumps([look(*sys.argv[at : at + 2]) for at in range(1, len(sys.argv), 2)]))
"""
"""A customer's program that uses the generated package."""


def test_a_python_client_of_one_register_works_with_another(
    file: Path, bases: list[str], tmp_path: Path
) -> None:
    """openapi-python-client makes it, ``mypy --strict`` accepts it with the program, Python runs both."""
    (tmp_path / "config.yml").write_text("post_hooks: []\n")
    made = run(
        *(sys.executable, "-m", "openapi_python_client", "generate", "--path", file, "--meta", "none"),
        *("--output-path", "client", "--config", "config.yml"),
        cwd=tmp_path,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    (tmp_path / "program.py").write_text(PYTHON_CLIENT)
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\n")
    judged = run(
        *(sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "program.py", "client"), cwd=tmp_path
    )
    assert judged.returncode == 0, judged.stdout
    asked = [part for pair in zip(bases, own_categories(bases), strict=True) for part in pair]
    done = run(sys.executable, "program.py", *asked, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    judge(bases, json.loads(done.stdout))
