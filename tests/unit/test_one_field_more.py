"""A field that joins a vendor: one line in the model and one row in the table, and all else follows."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

import one_field_more
from one_field_more import FIELD, LABEL
from programs import run
from publishers import Publisher, vendor_toml
from register_api.core.format import tree

if TYPE_CHECKING:
    from pathlib import Path

    from programs import Done

URL = "https://acme.example/dpa"


def program(*arguments: str | Path) -> Done:
    """Run a command of the program that knows the field."""
    return run(sys.executable, one_field_more.__file__, *arguments)


class Desk(Publisher):
    """A publisher whose program knows the field."""

    def list(self, id_: str, engagement: str = "", *, before: str = "") -> None:
        """Write a vendor's file; ``before`` holds lines of the vendor itself."""
        path = self.source / "subprocessors" / f"{id_}.toml"
        path.write_text(before + vendor_toml(id_, engagement), "utf-8")

    def run(self, command: str, *more: str) -> Done:
        """Run a command on the source and the store."""
        return program(command, "--source", self.source, "--store", self.store, *more)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a publisher with a source that nothing is wrong with."""
    return Desk(tmp_path)


def test_the_field_is_validated(desk: Desk) -> None:
    """It is declared a URL, so it is judged as one, at its key and line; a slip of its name is noticed."""
    desk.list("acme", before=f'{FIELD} = "javascript:alert(1)"\n')
    done = desk.run("check", "--format", "json")
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["rule"], finding["key"], finding["line"]) == ("R05", FIELD, 1)
    assert "does not begin with https://" in finding["message"]
    desk.list("acme", before=f'dpa_ulr = "{URL}"\n')
    assert f"did you mean {FIELD}?" in desk.run("check").stdout


def test_the_field_is_published_told_shown_and_verified(desk: Desk) -> None:
    """The register was published before by the program without the field, which goes on verifying it."""
    desk.publish()
    desk.list("acme", before=f'{FIELD} = "{URL}"\n')
    assert desk.run("check").returncode == 0
    done = desk.run("publish", "--keys", str(desk.keys))
    assert done.returncode == 0, done.stdout + done.stderr
    diff = json.loads(desk.snapshot().read(tree.VERSION_DIFF.path(2)))
    (change,) = diff["changes"]
    assert (change["type"], change["kind"]) == ("details_changed", "changed")
    assert change["fields"] == [{"path": FIELD, "before": None, "after": URL}]
    assert LABEL in change["summary"].lower()
    page = desk.snapshot().read(tree.SUBPROCESSOR_PAGE.path("acme")).decode()
    assert f"<dt>{LABEL.capitalize()}</dt>" in page
    assert f'<a href="{URL}"' in page
    assert desk.verify().exit_code == 0


def test_the_field_is_imported_from_a_table(desk: Desk) -> None:
    """A column of one of its names is read as a link; what is not one stays an extra text."""
    table = desk.folder / "list.csv"
    rows = ("Name,Purpose,Location,DPA", f"Acme,Hosting,Finland,{URL}", "Beta,Mail,Finland,soon")
    table.write_text("\n".join(rows) + "\n", "utf-8")
    target = desk.folder / "draft"
    done = program("import", table, "--into", target)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'{FIELD} = "{URL}"' in (target / "register" / "subprocessors" / "acme.toml").read_text("utf-8")
    assert FIELD not in (target / "register" / "subprocessors" / "beta.toml").read_text("utf-8")
    assert "soon" in (target / "register" / "subprocessors" / "beta.toml").read_text("utf-8")
