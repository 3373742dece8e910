"""What ``python -m build`` makes: a source distribution with everything, a wheel with what is run."""

from __future__ import annotations

import shutil
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from commands import ROOT

from programs import environment, output_of
from register_api.source.folder import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

BUILD = (
    "import sys; from setuptools import build_meta; getattr(build_meta, 'build_' + sys.argv[1])(sys.argv[2])"
)
NOT_COPIED = (".*", "node_modules", "var", "build", "dist", "__pycache__", "*.egg-info")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("distributions")
    shutil.copytree(ROOT, folder / "project", ignore=shutil.ignore_patterns(*NOT_COPIED))
    output_of(sys.executable, "-c", BUILD, "sdist", folder / "dist", cwd=folder / "project")
    (made,) = (folder / "dist").glob("*.tar.gz")
    with tarfile.open(made) as archive:
        archive.extractall(folder, filter="data")
    return folder / made.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def wheel(unpacked: Path) -> Path:
    """The wheel that is built from the source distribution."""
    output_of(sys.executable, "-c", BUILD, "wheel", unpacked / "dist", cwd=unpacked)
    (made,) = (unpacked / "dist").glob("*.whl")
    return made


def test_the_source_distribution_holds_what_was_written(unpacked: Path) -> None:
    """Documentation and tests too, and nothing that was made or is private."""
    for name in ("LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "keys/README.md"):
        assert (unpacked / name).is_file()
    for folder in ("src", "docs", "tests", "bench", "register", "requirements"):
        there = {path.relative_to(unpacked) for path in (unpacked / folder).rglob("*") if path.is_file()}
        ours = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
        left_out = {path for path in ours - there if not {"__pycache__", "node_modules"} & set(path.parts)}
        assert not {path for path in left_out if "egg-info" not in str(path)}
    assert not [path for path in unpacked.rglob("*") if {"node_modules", "var"} & set(path.parts)]


def test_the_wheel_holds_the_licence_and_everything_that_the_program_reads(wheel: Path) -> None:
    """Every file of the package, and the licence beside the metadata."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
    source = ROOT / "src"
    ours = {str(path.relative_to(source)) for path in (source / "register_api").rglob("*") if path.is_file()}
    assert {name for name in ours if "__pycache__" not in name} <= names
    assert "register_api/source/EXAMPLE.toml" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert "License-Expression: Apache-2.0" in metadata


def test_the_wheel_works_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    """A register is begun from nothing but the wheel and its dependencies."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")  # noqa: S202 - made here
    command = (sys.executable, "-m", "register_api", "init", "trust", "--name", "Acme GmbH")
    env = environment(PYTHONPATH=str(tmp_path / "site"))
    output_of(*command, "--domain", "acme.example", cwd=tmp_path, env=env)
    assert (tmp_path / "trust/register/EXAMPLE.toml").read_bytes() == EXAMPLE.read_bytes()
