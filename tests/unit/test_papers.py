"""The papers of the project say what is there: licence, metadata, rooms, index, changelog, decisions."""

from __future__ import annotations

import ast
import hashlib
import re
import tomllib
from pathlib import Path

import register_api

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/register_api"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
METADATA = PROJECT["project"]
APACHE_2_SHA256 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
"""SHA-256 of the licence's text as its authors publish it."""

PRIVATE = re.compile(r"(uvicorn)\.(?:protocols|server)\b.*|(\w+)\.(?:\w+\.)*_\w+")
"""Modules of libraries that a new release may change without a word."""


def read(name: str) -> str:
    """Return a text of the project."""
    return (ROOT / name).read_text("utf-8")


def rooms() -> set[str]:
    """Return the names of the folders of the package, and of its modules that are rooms of their own."""
    folders = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    modules = {path.stem for path in SOURCE.glob("*.py") if not path.stem.startswith("__")}
    return folders | modules


def test_the_licence_is_the_standard_text() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2_SHA256
    assert (METADATA["license"], METADATA["license-files"]) == ("Apache-2.0", ["LICENSE"])


def test_the_metadata_is_complete_and_names_no_address_that_does_not_exist() -> None:
    assert METADATA["authors"]
    assert METADATA["keywords"]
    assert not [line for line in METADATA["classifiers"] if line.startswith("License ::")]
    assert "urls" not in METADATA


def test_an_image_is_built_from_all_that_the_metadata_names() -> None:
    """What is not handed to the builder, or not copied, makes the build of the image fail."""
    needed = {"pyproject.toml", METADATA["readme"], *METADATA["license-files"]}
    assert needed <= set(read("Containerfile").split())
    assert needed <= {
        line.removeprefix("!") for line in read(".dockerignore").splitlines() if line[:1] == "!"
    }


def test_an_image_is_built_upon_nothing_but_a_digest_that_somebody_chose() -> None:
    """An argument without a default: a build that is not told ends at once, and no tag is followed."""
    lines = [line.split() for line in read("Containerfile").splitlines()]
    bases = [words[1] for words in lines if words[:1] == ["FROM"]]
    assert bases
    assert all(re.fullmatch(r"[a-z/]+@sha256:\$\{PYTHON_DIGEST\}", base) for base in bases)
    assert ["ARG", "PYTHON_DIGEST"] in lines[: lines.index(["FROM", bases[0], "AS", "build"])]
    assert [words for words in lines if words[:1] == ["USER"]] == [["USER", "65532:65532"]]
    assert ["HEALTHCHECK"] in [words[:1] for words in lines]


def test_what_the_page_does_without_an_engine_is_what_the_image_does() -> None:
    """Each command of docs/container.md stands in the Containerfile, in this order."""
    (block,) = re.findall(r"^```sh\n(.*?)^```", read("docs/container.md"), re.DOTALL | re.MULTILINE)
    image = read("Containerfile")
    places = [image.index(line.replace("python3", "python")) for line in block.splitlines()]
    assert places == sorted(places)


def test_a_library_whose_internals_are_used_has_an_upper_bound() -> None:
    extras = METADATA.get("optional-dependencies", {}).values()
    needed = {line for lines in (METADATA["dependencies"], *extras) for line in lines}
    bounded = {re.split(r"[^\w-]", line)[0] for line in needed if "<" in line}
    used = {
        found[1] or found[2]
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        if (found := PRIVATE.fullmatch(node.module)) and found[0].split(".")[0] != "register_api"
    }
    assert used
    assert used <= bounded


def test_every_room_is_named_everywhere() -> None:
    """In the layers that are checked, the package's docstring and the architecture."""
    (layers,) = (
        contract["layers"]
        for contract in PROJECT["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers" and contract["containers"] == ["register_api"]
    )
    assert {name.strip() for layer in layers for name in layer.split("|")} == rooms()
    table = re.findall(r"^\| (\d) \| `(\w+)` \|", read("docs/architecture.md"), re.MULTILINE)
    assert {name for _, name in table} == rooms()
    for number, layer in enumerate(reversed(layers)):
        assert {name for at, name in table if int(at) == number} == {
            each.strip() for each in layer.split("|")
        }
    assert set(re.findall(r"^\* ``(\w+)``", register_api.__doc__ or "", re.MULTILINE)) == rooms()


def test_every_page_is_in_the_index() -> None:
    """Chapters of the format and decisions are in indexes of their own."""
    for index in (ROOT / "docs/README.md", ROOT / "docs/format/README.md"):
        linked = set(re.findall(r"\]\(([\w-]+\.md)\)", index.read_text("utf-8")))
        assert linked == {path.name for path in index.parent.glob("*.md")} - {index.name}


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    """Decisions too."""
    named = re.findall(r"^ +- (?:.*: )?(\S+\.md)$", read("mkdocs.yml"), re.MULTILINE)
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert {name for name in named if not name.startswith("project/")} == there


REFERENCE = {"rules.md", "conformance.md", "performance.md", "python-api.md", "checks.md"}
"""Pages in which one looks something up; so are the chapters of the format, and decisions."""


def test_a_page_that_is_read_from_top_to_bottom_has_at_most_1500_words() -> None:
    """Code and tables count."""
    pages = [path for path in (ROOT / "docs").glob("*.md") if path.name not in REFERENCE]
    assert {page.name for page in pages if len(page.read_text("utf-8").split()) > 1500} == set()


def test_the_readme_is_read_in_three_minutes() -> None:
    """At most 700 words, and two small pictures of the page."""
    assert len(read("README.md").split()) <= 700
    assert {path.name for path in (ROOT / "docs/images").iterdir() if path.stat().st_size > 60_000} == set()


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
    for number, path in enumerate(sorted((ROOT / "docs/adr").glob("[0-9]*.md")), 1):
        assert path.read_text("utf-8").startswith(f"# {number}. ")


def test_the_changelog_has_a_section_for_every_release_and_one_for_what_comes() -> None:
    headings = re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    releases = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d\d-\d\d", line) for line in headings[1:]]
    numbers = [tuple(map(int, found.groups())) for found in releases if found]
    assert len(numbers) == len(releases)
    assert numbers == sorted(numbers, reverse=True)
    assert ".".join(map(str, numbers[0])) == register_api.__version__
