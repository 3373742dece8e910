"""The commands on the chain, and docs/watch-chain.md, of which each command is carried out."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import sample_register
from register_api.cli.main import cli
from register_api.core import model
from register_api.sending.database import opened
from register_api.watch.schema import STEPS
from register_api.watch.vendor_uses import rewrite_uses
from register_api.watch.vendors import interests_of
from watching import add_vendor

PAGE = (Path(__file__).parents[3] / "docs/watch-chain.md").read_text("utf-8")
LISTED = {
    "acme": [("hoster", "Hoster Inc.", "hoster.example", "US"), ("mailer", "Mailer \x1b[31m", None, "IN")],
    "beta": [("acme", "Acme Ltd", "acme.example", "DE"), ("hoster-inc", "Hoster", None, None)],
    "gamma": [("mailer", "Mailer \x1b[31m", None, "DE")],
}
"""What each vendor's register lists: id, name, domain, country."""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with settings and three vendors, one of which another one uses."""
    monkeypatch.chdir(tmp_path)
    Path("watch.toml").write_text('[watch]\ndatabase = "watch.sqlite3"\n', "utf-8")
    with opened("watch.sqlite3", STEPS) as database:
        for id_, rows in LISTED.items():
            vendor = add_vendor(database, id_, website=f"https://{id_}.example", critical=id_ == "beta")
            listed = tuple(
                model.Subprocessor(id=of, name=name, domain=domain, engagements=(_use(country),))
                for of, name, domain, country in rows
            )
            publisher = model.Publisher(name=id_, time_zone="UTC", language="en")
            with database.transaction() as run:
                register = sample_register.register(subprocessors=listed, publisher=publisher)
                rewrite_uses(run, vendor.id, interests_of(vendor), register)


def _use(country: str | None) -> model.Engagement:
    places = (model.Location(country=country),) if country else None
    return sample_register.engagement("use", "operations", purpose="Runs it", locations=places)


def call(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, ["watch", "chain", *arguments, "--settings", "watch.toml"])
    assert done.exit_code == code, done.output
    assert "\x1b" not in done.output
    return done.output


@pytest.mark.usefixtures("office")
def test_who_uses_a_company_is_told_with_the_way() -> None:
    told = call("uses", "hoster.example")
    assert "Hoster Inc.: acme/hoster  by domain:hoster.example" in told
    assert "  1  Acme → Hoster Inc.  Runs it" in told
    assert "  2  Beta → Acme → Hoster Inc.  critical  Runs it" in told
    assert "2 of 3 vendors." in told
    assert "1 of 3 vendors." in call("uses", "hoster.example", "--depth", "1")
    assert "Several companies" in call("uses", "hoster")
    found = json.loads(call("depends-on", "hoster.example", "--json"))
    assert [way["path"] for way in found["vendors"]] == [
        ["Acme", "Hoster Inc."],
        ["Beta", "Acme", "Hoster Inc."],
    ]
    call("uses", "nobody \x1b[2J", code=1)


@pytest.mark.usefixtures("office")
def test_what_is_outside_the_eea_is_told_with_mechanism_and_way() -> None:
    told = call("outside-eea")
    assert "  US  Acme → Hoster Inc.  unstated" in told
    assert "  US  Beta → Acme → Hoster Inc.  critical  unstated" in told
    assert "4 places; 1 use of your vendors without a place." in told
    found = json.loads(call("outside-eea", "--depth", "1", "--json"))
    assert [(row["vendor"], row["country"]) for row in found["places"]] == [("Acme", "IN"), ("Acme", "US")]


@pytest.mark.usefixtures("office")
def test_concentration_counts_vendors() -> None:
    assert "     2  Hoster Inc.  1 directly, 1 through others, 1 critical" in call("concentration")
    by_country = json.loads(call("concentration", "--by", "country", "--json"))
    assert {share["what"]: share["all"] for share in by_country} == {"DE": 2, "IN": 2, "US": 2}


@pytest.mark.usefixtures("office")
def test_suggestions_end_when_somebody_has_spoken() -> None:
    assert "2 suggestions." in call("suggestions")
    assert "the same" in call("confirm", "acme/hoster", "beta/hoster-inc", "--by", "Ann")
    assert "two companies" in call("confirm", "acme/mailer", "gamma/mailer", "--different", "--by", "Ann")
    assert call("suggestions") == "No suggestions.\n"
    assert "  1  Beta → Hoster Inc." in call("uses", "hoster")
    call("confirm", "acme/hoster", "nobody", "--by", "Ann", code=1)


@pytest.mark.usefixtures("office")
def test_the_commands_of_the_page() -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 8
    for line in lines:
        done = CliRunner().invoke(cli, shlex.split(line)[1:])
        assert done.exit_code == 0, (line, done.output)
