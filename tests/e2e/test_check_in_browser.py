"""``/check.html`` in a real browser: green on an honest tree, red on a lie, grey where it cannot tell."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import hosts
import pytest
from commands import ROOT
from publications import write_tree

from node_judges import FOLDER
from programs import environment, run
from register_api.core.format import tree
from register_api.publish.templating import check_page
from running import serving
from tools import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hosts import Site
    from publications import Publication

DRIVER = "check-page.mjs"
SUITE = ROOT / "tests/verifier_suite"


HARMLESS = "Failed to load resource|CORS policy|Opener-Policy header has been ignored"
"""What a browser's console says of a host that cannot be read, and of one without https."""


class _AnyPageMayRead(SimpleHTTPRequestHandler):
    """A host of files that lets pages of other origins read, as the format has it."""

    protocol_version = "HTTP/1.1"
    silent = False

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def end_headers(self) -> None:
        """Add the one header."""
        if not self.silent:
            self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


class _OnlyItsOwn(_AnyPageMayRead):
    silent = True


@contextlib.contextmanager
def host(public: Path, handler: type[SimpleHTTPRequestHandler] = _AnyPageMayRead) -> Iterator[str]:
    """Serve a folder while the block runs; yields its address."""
    made = functools.partial(handler, directory=str(public))
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), made)) as base:
        yield base


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The file, as somebody has kept it."""
    path = tmp_path / "kept" / "check.html"
    path.parent.mkdir()
    path.write_bytes(check_page())
    return path


def look(page: Path | str, base: str, root: Path | None = None, *options: str) -> tuple[int, dict[str, Any]]:
    """Let the page check a register; return the driver's exit code and what the page says."""
    need("chromium")
    done = run(need("node"), FOLDER / DRIVER, page, base, *([root] if root else []), *options)
    assert done.stdout, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert [line for line in said["console"] if not re.search(HARMLESS, line)] == []
    return done.returncode, said


def test_it_says_genuine_of_an_honest_register(publication: Publication, page: Path, tmp_path: Path) -> None:
    """From disk, with the first root's digest; the line that it gives holds the next time."""
    root, line = publication.public / tree.ROOT.path(1), f"--line={tmp_path / 'line'}"
    with host(publication.public) as base:
        code, said = look(page, base, root, line)
        assert (code, said["state"]) == (0, "proved"), said
        assert {state for _, state, _ in said["steps"]} == {"proved", "nothing"}
        assert any("Häst" in notice and "short" in notice for notice in said["notices"])
        code, said = look(page, base, root, line, "--language=de")
    assert code == 0
    assert ["memory", "proved"] in [step[:2] for step in said["steps"]]
    assert said["said"].startswith("Echt")


def test_it_says_loudly_that_it_took_the_root_on_trust(publication: Publication, page: Path) -> None:
    with host(publication.public) as base:
        code, said = look(page, base)
    assert (code, said["state"]) == (0, "trusted")
    assert "taken on trust" in said["said"].splitlines()[0]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (tree.REGISTER.path(), 12),
        (tree.RAW_SIGNATURE.of(tree.REGISTER.path()), 12),
        (tree.FEED_ATOM.path(), 12),
        (tree.VERSION_REGISTER.path(2), 12),
        (tree.VERSION_PROOF.path(5), 12),
    ],
)
def test_it_refuses_what_was_changed(
    publication: Publication, page: Path, tmp_path: Path, path: str, code: int
) -> None:
    """One bit, or one letter."""
    data = bytearray(publication.files[path])
    if path.endswith("proof"):  # another letter of base64: what is not one is refused as malformed
        at = data.index(b"index 4\n") + 9
        data[at] = ord("B") if data[at] == ord("A") else ord("A")
    else:
        data[len(data) // 2] ^= 1
    public = write_tree(tmp_path / "public", {**publication.files, path: bytes(data)})
    with host(public) as base:
        found, said = look(page, base, publication.public / tree.ROOT.path(1))
    assert (found, said["state"], said["line"]) == (code, "refuted", "")


def test_it_never_calls_forged_what_it_could_not_read(publication: Publication, page: Path) -> None:
    """A host that lets no page read, and one that is not there."""
    with host(publication.public, _OnlyItsOwn) as base:
        code, said = look(page, base)
    assert (code, said["state"]) == (10, "open")
    code, said = look(page, f"http://127.0.0.1:{hosts.free_port()}/")
    assert (code, said["state"]) == (10, "open")


def test_it_runs_where_it_is_served(site: Site) -> None:
    """The policy that comes with it lets its own script run; and it says that it came from there."""
    address = f"{site.base}check.html"
    code, said = look(address, site.base)
    assert (code, said["state"]) == (0, "trusted")


def test_without_https_it_says_that_it_cannot_check(site: Site) -> None:
    """Browsers have no cryptography there."""
    address = site.base.replace("127.0.0.1", "register.test")
    code, said = look(f"{address}check.html", address, None, "--as=register.test")
    assert (code, said["state"]) == (10, "open")
    assert "without https" in said["said"]


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite for verifiers, with the page, its driver and what they say of themselves."""
    folder = tmp_path_factory.mktemp("suite") / "written"
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
    done = run(sys.executable, SUITE / "write.py", folder, env=environment(PYTHONPATH=path))
    assert done.returncode == 0, done.stderr
    (folder / DRIVER).write_bytes((FOLDER / DRIVER).read_bytes())
    (folder / "check.html").write_bytes(check_page())
    (folder / "check-page.json").write_bytes((SUITE / "check-page.json").read_bytes())
    return folder


@pytest.mark.parametrize(
    "only", ["honest-forty", "V02-14", "V03-16", "V08-15", "V10-15", "V12-18", "V19", "V32"]
)
def test_it_finds_the_lies_that_it_says_it_finds(suite: Path, only: str) -> None:
    """With the codes of the format, with memory; the rest by hand."""
    for program in ("node", "chromium"):
        need(program)
    done = run(sys.executable, suite / "run.py", suite / "check-page.json", "--only", only)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("are ok, 0 not asked\n")
