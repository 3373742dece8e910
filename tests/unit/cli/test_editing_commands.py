"""Commands that edit the source: the edit that a careful person would write, shown, and then previewed."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from publishers import NOW, Publisher

if TYPE_CHECKING:
    from conftest import Call, Clock

TODAY = NOW.date()
EARLIEST = TODAY + dt.timedelta(days=30)
ADD = ("add", "beta", "--category", "infrastructure", "--purpose", "Sends mail")
NEW = (*ADD, "--name", "Beta", "--legal-name", "Beta Ltd", "--seat", "IE", "--country", "IE")
COMMENT = "# kept by hand\n"


def vendor(publisher: Publisher, id_: str = "acme") -> dict[str, Any]:
    """Return a vendor's file as tables."""
    return tomllib.loads(text(publisher, id_))


def text(publisher: Publisher, id_: str = "acme") -> str:
    """Return a vendor's file."""
    return (publisher.source / "subprocessors" / f"{id_}.toml").read_text("utf-8")


def comment(publisher: Publisher) -> None:
    """Write a comment that has to stay."""
    file = publisher.source / "subprocessors" / "acme.toml"
    file.write_text(COMMENT + file.read_text("utf-8"), "utf-8")


def test_a_first_list_is_already_in_use(call: Call, publisher: Publisher) -> None:
    """Nothing was promised to anybody yet."""
    assert call(*NEW).exit_code == 0
    assert "starts_on" not in vendor(publisher, "beta")["engagements"][0]
    result = call(*ADD, "--use", "later", "--country", "IE", "--on", "2027-03-01")
    assert result.exit_code == 0, result.output
    assert vendor(publisher, "beta")["engagements"][1]["starts_on"] == dt.date(2027, 3, 1)
    assert text(publisher, "beta").count("\n\n[[engagements]]\n") == 2
    assert "\n\n\n" not in text(publisher, "beta")


def test_a_new_file_begins_with_its_schema_where_the_source_has_schemas(
    call: Call, publisher: Publisher
) -> None:
    """Else an editor would tell of a file that it cannot find."""
    assert call(*NEW).exit_code == 0
    assert text(publisher, "beta").startswith("name = ")
    (publisher.source / "schema").mkdir()
    assert call("add", "gamma", *NEW[2:]).exit_code == 0
    assert text(publisher, "gamma").startswith("#:schema ../schema/subprocessor.json\nname = ")


def test_an_added_sub_processor_starts_when_the_promise_allows(published: Call, publisher: Publisher) -> None:
    result = published(*NEW, "--scope", "customer_account", "--data", "Mail addresses")
    assert result.exit_code == 0, result.output
    assert vendor(publisher, "beta") == {
        "name": "Beta",
        "legal_name": "Beta Ltd",
        "seat": "IE",
        "engagements": [
            {
                "id": "service",
                "category": "infrastructure",
                "status": "active",
                "purpose": "Sends mail",
                "data_scope": ["customer_account"],
                "data_categories": ["Mail addresses"],
                "locations": [{"country": "IE"}],
                "starts_on": EARLIEST,
            }
        ],
    }
    assert '+name = "Beta"' in result.stdout
    assert f"Beta will be added as a sub-processor on {EARLIEST:%-d %B %Y}" in result.stdout
    assert published("publish").exit_code == 0


def test_a_dry_run_shows_the_edit_and_writes_nothing(published: Call, publisher: Publisher) -> None:
    before = text(publisher)
    result = published("end", "acme", "--on", "2027-03-01", "--dry-run")
    assert (result.exit_code, "+ends_on = 2027-03-01" in result.stdout) == (0, True)
    assert text(publisher) == before


def test_an_end_keeps_comments_and_order(published: Call, publisher: Publisher) -> None:
    comment(publisher)
    before = text(publisher)
    result = published("end", "acme", "--on", "2027-03-01")
    assert result.exit_code == 0, result.output
    assert text(publisher).replace("ends_on = 2027-03-01\n", "") == before
    assert "Acme Oy will no longer be used from 1 March 2027" in result.stdout


def test_a_replacement_starts_on_the_day_on_which_the_other_ends(
    published: Call, publisher: Publisher
) -> None:
    result = published("replace", "acme", "beta", "--name", "Beta", "--seat", "IE", "--country", "IE")
    assert result.exit_code == 0, result.output
    old, new = vendor(publisher)["engagements"][0], vendor(publisher, "beta")["engagements"][0]
    assert (old["ends_on"], new["starts_on"]) == (EARLIEST, EARLIEST)
    assert (new["purpose"], new["data_categories"]) == (old["purpose"], old["data_categories"])
    assert (new["locations"], vendor(publisher, "beta")["replaces"]) == ([{"country": "IE"}], ["acme"])
    assert f"Beta will replace Acme Oy on {EARLIEST:%-d %B %Y}" in result.stdout


def test_a_change_is_planned_cancelled_and_stays_visible(
    published: Call, publisher: Publisher, clock: Clock
) -> None:
    comment(publisher)
    result = published("change", "acme", "legal_name=Acme Cloud Oy", "--id", "renamed")
    assert result.exit_code == 0, result.output
    assert vendor(publisher)["legal_name"] == "Acme Oy"
    assert vendor(publisher)["planned"] == [
        {"id": "renamed", "effective_on": EARLIEST, "set": {"legal_name": "Acme Cloud Oy"}}
    ]
    assert f"effective {EARLIEST:%-d %B %Y}" in result.stdout
    assert published("publish").exit_code == 0
    clock.pass_by(days=1)
    result = published("cancel", "acme", "--change", "renamed", "--reason", "The merger was called off")
    assert result.exit_code == 0, result.output
    assert vendor(publisher)["planned"][0]["cancelled"] == {"reason": "The merger was called off"}
    assert "will not take place" in result.stdout
    assert text(publisher).startswith(COMMENT)
    assert published("publish").exit_code == 0


def test_an_edit_that_breaks_a_rule_is_written_and_the_message_says_so(
    published: Call, publisher: Publisher
) -> None:
    result = published("cancel", "acme", "--reason", "Too late")
    assert result.exit_code == 1, result.output
    assert "it can no longer be cancelled" in result.output
    assert "→ the edit is written: correct it in the files" in result.output
    assert "Too late" in text(publisher)


def test_changes_in_effect_are_folded_and_nothing_changes_for_customers(
    published: Call, publisher: Publisher, clock: Clock
) -> None:
    comment(publisher)
    country = 'locations=[{country = "FI", activities = ["store", "process"]}, {country = "DE"}]'
    assert published("change", "acme", country).exit_code == 0
    assert published("publish").exit_code == 0
    assert "Nothing to change" in published("fold").stdout
    clock.pass_by(days=31)
    assert "R27" in published("check").output
    result = published("fold")
    assert result.exit_code == 0, result.output
    use = vendor(publisher)["engagements"][0]
    assert [place["country"] for place in use["locations"]] == ["FI", "DE"]
    assert "planned" not in use
    assert text(publisher).startswith(COMMENT)
    assert "no change that concerns customers" in result.stdout
    assert published("publish").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("end", "nobody", "--on", "2027-03-01"), "nobody"),
        (("end", "acme", "--use", "mail", "--on", "2027-03-01"), "mail"),
        (("change", "acme", "sead=IE"), "sead"),
        (("change", "acme", "locations=[{"), "locations"),
        (("change", "acme", "legal_name"), "legal_name"),
        (("cancel", "acme", "--change", "none", "--reason", "x"), "'none'\n→ there is none"),
        (("add", "Acme Mail", *ADD[2:], "--name", "x"), "Acme Mail"),
        (("add", "acme", *ADD[2:], "--name", "Acme"), "acme"),
        (("replace", "nobody", "beta", "--name", "Beta"), "nobody"),
        ((*NEW, "--available", "--on", "2027-03-01"), "--available"),
    ],
)
def test_an_impossible_edit_is_refused_and_nothing_is_written(
    published: Call, publisher: Publisher, arguments: tuple[str, ...], says: str
) -> None:
    before = {file.name: file.read_bytes() for file in (publisher.source / "subprocessors").iterdir()}
    result = published(*arguments)
    assert result.exit_code == 2, result.output
    assert says in result.output
    assert "Traceback" not in result.output
    assert {file.name: file.read_bytes() for file in (publisher.source / "subprocessors").iterdir()} == before
