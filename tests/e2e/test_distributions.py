"""What ``python -m build`` makes: a source distribution with everything, a wheel with what is run."""

from __future__ import annotations

import shutil
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import click
import pytest
from commands import ROOT

from programs import environment, output_of
from register_api.source.load import EXAMPLE
from static_host import static_host

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


def test_the_wheel_brings_every_page_that_messages_name(wheel: Path) -> None:
    """Where an installation puts what is data: share/doc of its prefix."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name.partition("/data/share/doc/register-api/")[2] for name in archive.namelist()}
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "keys").glob("*.md")]
    assert {str(path.relative_to(ROOT)) for path in pages} <= names


@pytest.fixture(params=["wheel", "sdist"])
def program(request: pytest.FixtureRequest, wheel: Path, unpacked: Path, tmp_path: Path) -> Path:
    """The command of a fresh environment, by ``pip install`` and nothing that it would have to fetch."""
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    (site,) = (tmp_path / "venv").glob("lib/python3*/site-packages")
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    for path in Path(click.__file__).parents[1].iterdir():  # all that this environment has, but this project
        if "register_api" not in path.name and path.suffix != ".pth":
            (libraries / path.name).symlink_to(path)
    (site / "libraries.pth").write_text(f"{libraries}\n")
    made = wheel if request.param == "wheel" else next(unpacked.parent.glob("dist/*.tar.gz"))
    pip = ("-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation")
    output_of(tmp_path / "venv/bin/python", *pip, made)
    return tmp_path / "venv/bin/register-api"


def test_an_installation_begins_publishes_and_verifies_a_register(program: Path, tmp_path: Path) -> None:
    """From the command that pip made, in a folder that knows nothing of this one."""
    env = environment(PYTHONPATH="", REGISTER_OFFLINE="1")

    def call(*words: str | Path) -> str:
        return output_of(program, *words, cwd=tmp_path, env=env).decode()

    call("init", "trust", "--name", "Acme GmbH", "--domain", "acme.example")
    example = tmp_path / "trust/register/EXAMPLE.toml"
    assert example.read_bytes() == EXAMPLE.read_bytes()
    vendor = tmp_path / "trust/register/subprocessors/example-host.toml"
    vendor.rename(vendor.with_name("real-host.toml")).write_text(
        vendor.with_name("real-host.toml").read_text("utf-8").replace("Example Host", "Real Host"), "utf-8"
    )
    folders = ("--store", "var/store", "--keys", "var/keys")
    call("check", "--source", "trust/register", "--store", "var/store")
    call("publish", "--source", "trust/register", *folders)
    with static_host(tmp_path / "var/store/public") as base:
        assert "Verified: " in call("verify", base, "--root", "trust/keys/1.root.json")
    said = call("--help").split("are in")[1]
    assert (Path("".join(said.split())) / "docs/README.md").is_file()
