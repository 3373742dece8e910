"""The example for Node checks a register as it is served, and refuses one that was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hosts
import pytest
from commands import ROOT
from publications import write_tree

from node_judges import MODULES, need_package
from programs import Done, run
from register_api.core.format import tree
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

    from hosts import Site
    from publications import Publication

EXAMPLE = ROOT / "docs/examples/check.mjs"
MAX_LINES = 80


def run_example(base: str, publication: Publication, folder: Path) -> Done:
    """Run the example from a copy beside the packages that it needs."""
    for package in ("jose", "tuf-js"):
        need_package(package)
    (folder / "node_modules").symlink_to(MODULES)
    program, root = folder / "check.mjs", folder / "1.root.json"
    program.write_bytes(EXAMPLE.read_bytes())
    root.write_bytes(publication.files[f"{tree.TRUST_FOLDER}1.root.json"])
    return run(need("node"), program, base, root, cwd=folder)


def test_the_example_is_short() -> None:
    assert len(EXAMPLE.read_text("utf-8").splitlines()) <= MAX_LINES


def test_the_example_follows_a_register(site: Site, publication: Publication, tmp_path: Path) -> None:
    """From the first root to the entry in the log."""
    done = run_example(site.base, publication, tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"the log holds the entry: size {publication.size}" in done.stdout


@pytest.mark.parametrize(
    "path",
    [
        tree.JWS.of(tree.REGISTER.path()),
        tree.VERSION_ENTRY.path(5),
        tree.VERSION_PROOF.path(5),
        tree.TIMESTAMP.path(),
    ],
)
def test_the_example_refuses_what_was_changed(publication: Publication, tmp_path: Path, path: str) -> None:
    """A letter in what it reads is enough."""
    data = publication.files[path]
    at = data.index(b"index 4\n") + 9 if path.endswith("proof") else len(data) - 20
    other = b"B" if data[at : at + 1] == b"A" else b"A"
    changed = data[:at] + other + data[at + 1 :]
    public = write_tree(tmp_path / "public", {**publication.files, path: changed})
    with hosts.static(public) as site:
        assert run_example(site.base, publication, tmp_path).returncode != 0
