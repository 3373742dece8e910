"""Old states published one by one: dates, ends, returns, interruptions; from JSON and from Git."""

from __future__ import annotations

import datetime as dt
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from imports import HEADING, NOW, Workspace, notes_of, page, refusal

from memory_folder import memory_folder
from programs import output_of
from register_api.core.diff.document import changes_between
from register_api.core.notice_period import Promises
from register_api.core.timeline import state_on
from register_api.errors import Refused, StoreError, UsageError
from register_api.importer import import_history as replay
from register_api.importer.import_history import Origin
from register_api.importer.register_file import RegisterDefaults
from register_api.publish.pipeline import PublishRequest, publish_version
from register_api.publish.preparation import PublishOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def row(name: str, purpose: str = "Hosting", **more: Any) -> dict[str, Any]:
    return {"name": name, "purpose": purpose, "location": "Finland", **more}


def state(date: str, *rows: dict[str, Any] | str) -> dict[str, Any]:
    return {"date": date, "entries": [row(item) if isinstance(item, str) else item for item in rows]}


def history(workspace: Workspace, *states: dict[str, Any], name: str = "past.json") -> Origin:
    return Origin(repository=None, path=str(workspace.put(name, json.dumps({"versions": states}))))


def engagement(workspace: Workspace, vendor: str, index: int = 0) -> dict[str, Any]:
    return workspace.vendor(vendor)["engagements"][index]


PAST = (
    state("2018-05-22", "Acme", "Beta"),
    state("2019-01-01", "Acme", "Beta", "Gamma"),
    state("2019-01-01", "Beta", "Acme", "Gamma"),
    state("2019-06-01", "Beta", "Acme", "Gamma"),
    state("2020-02-03T10:00:00+02:00", "Beta", "Gamma", row("Delta", "Mail")),
)


def test_each_state_that_says_something_else_is_a_version(workspace: Workspace) -> None:
    report, taken = workspace.import_states(history(workspace, *PAST))
    assert [item.version for item in taken] == [1, 2, 3, None, 4]
    assert [(item.added, item.ended) for item in taken] == [
        (("Acme", "Beta"), ()), (("Gamma",), ()), ((), ()), ((), ()), (("Delta",), ("Acme",)),
    ]  # fmt: skip
    versions = [workspace.version(number) for number in range(1, 5)]
    assert {item.recorded for item in versions} == {"imported"}
    assert [f"{item.published_at:%Y-%m-%dT%H:%M:%SZ}" for item in versions] == [
        "2018-05-22T00:00:00Z", "2019-01-01T00:00:00Z", "2019-01-01T00:00:01Z", "2020-02-03T08:00:00Z",
    ]  # fmt: skip
    assert "moved to 2019-01-01T00:00:01Z" in notes_of(report, "assumed")
    assert str(versions[3].updated_on) == "2020-02-03"
    assert versions[3].reason.text == "Imported from state 5"
    assert '"Acme" left and "Delta" came' in notes_of(report, "proposed")


def test_starts_and_ends_are_the_days_of_the_states_and_nobody_is_deleted(whole: Workspace) -> None:
    workspace = whole
    assert "starts_on" not in engagement(workspace, "beta")
    assert str(engagement(workspace, "gamma")["starts_on"]) == "2019-01-01"
    assert str(engagement(workspace, "acme")["ends_on"]) == "2020-02-03"
    assert workspace.register()["order"] == ["beta", "acme", "gamma", "delta"]
    nothing_promised = Promises(zone=dt.UTC, first_live=None, policies=())
    changes = changes_between(workspace.version(3), workspace.version(4), nothing_promised)
    assert [(item.type, item.subprocessor) for item in changes] == [("added", "delta"), ("ended", "acme")]


def test_who_comes_back_gets_a_further_engagement_so_that_the_gap_stays_true(workspace: Workspace) -> None:
    origin = history(
        workspace,
        state("2018-01-01", "Acme", "Beta"),
        state("2019-01-01", "Beta"),
        state("2020-01-01", "Beta", "Acme"),
        state("2021-01-01", "Beta", row("Acme", "Mail")),
    )
    _, taken = workspace.import_states(origin)
    assert [item.added for item in taken][2:] == [("Acme",), ()]
    vendor = next(item for item in workspace.version(4).subprocessors if item.id == "acme")
    assert [item.id for item in vendor.engagements] == ["hosting", "hosting-2"]
    assert vendor.engagements[1].purpose == "Mail"
    states = [
        [state_on(vendor, item, dt.date(year, 6, 1)) for item in vendor.engagements]
        for year in (2018, 2019, 2020)
    ]
    assert states == [["in_force", "announced"], ["ended", "announced"], ["ended", "in_force"]]


def test_who_is_taken_off_and_put_back_on_one_day_had_no_end(workspace: Workspace) -> None:
    origin = history(
        workspace,
        state("2018-01-01", "Acme", "Beta"),
        state("2019-01-01", "Beta"),
        state("2019-01-01", "Acme", "Beta"),
    )
    workspace.import_states(origin)
    assert {"ends_on", "starts_on"}.isdisjoint(engagement(workspace, "acme"))
    assert len(workspace.vendor("acme")["engagements"]) == 1


def test_who_comes_and_goes_on_one_day_is_withdrawn_and_may_come_back(workspace: Workspace) -> None:
    states = [
        state("2018-01-01", "Beta"),
        state("2019-01-01", "Beta", "Acme"),
        state("2019-01-01", "Beta"),
        state("2019-01-01", "Beta", "Acme"),
        state("2019-01-01", "Beta"),
    ]
    workspace.import_states(history(workspace, *states))
    assert workspace.vendor("acme")["withdrawn"]["reason"].startswith("Taken off the list on 2019-01-01")
    workspace.import_states(history(workspace, *states, state("2020-01-01", "Beta", "Acme")))
    assert "withdrawn" not in workspace.vendor("acme")
    assert str(engagement(workspace, "acme")["starts_on"]) == "2020-01-01"


def test_a_row_that_comes_and_goes_on_one_day_ends_on_the_day_after(workspace: Workspace) -> None:
    both = [row("Acme"), row("Acme", "Mail")]
    origin = history(
        workspace, state("2018-01-01", both[0]), state("2019-01-01", *both), state("2019-01-01", both[0])
    )
    report, _ = workspace.import_states(origin)
    assert str(engagement(workspace, "acme", 1)["ends_on"]) == "2019-01-02"
    assert "came and went on one day" in notes_of(report, "ended")


def test_what_was_only_available_is_withdrawn_when_it_goes_and_starts_when_it_is_used(
    workspace: Workspace,
) -> None:
    idle = row("Acme", status="available")
    origin = history(
        workspace,
        state("2018-01-01", "Beta", idle, row("Gamma", status="available")),
        state("2019-01-01", "Beta", row("Acme", status="active")),
        state("2020-01-01", "Beta", idle),
        state("2021-01-01", "Beta", row("Acme", status="active"), row("Acme", "Mail", status="available")),
        state("2022-01-01", "Beta", row("Acme", status="active")),
    )
    report, taken = workspace.import_states(origin)
    assert [item.version for item in taken] == [1, 2, 3, 4, 5]
    assert "withdrawn" in workspace.vendor("gamma")
    starts = [workspace.version(n).subprocessors[1].engagements[0].starts_on for n in (1, 2, 3, 4)]
    assert [str(day) for day in starts] == ["None", "2019-01-01", "None", "2021-01-01"]
    assert "is only available and has no end: it stays" in notes_of(report, "ended")


def test_a_rename_that_the_names_file_tells_is_no_end(workspace: Workspace) -> None:
    (workspace.folder / "names.toml").write_text(
        '[[vendors]]\nname = "Acme Cloud"\nid = "acme"\nformerly = ["Acme"]\n'
    )
    workspace.import_states(
        history(workspace, state("2018-01-01", "Acme"), state("2019-01-01", "Acme Cloud"))
    )
    first, second = (workspace.version(number).subprocessors for number in (1, 2))
    assert [(item.id, item.name, item.formerly) for item in (*first, *second)] == [
        ("acme", "Acme", ()), ("acme", "Acme Cloud", ("Acme",)),
    ]  # fmt: skip


def test_a_row_that_becomes_two_goes_on_as_one_of_them(workspace: Workspace) -> None:
    """A page that lists one use under two headings ends none: what is alike goes on, the rest is new."""
    before = state("2018-01-01", row("Acme", "Support", category="Help"))
    after = state(
        "2019-01-01",
        row("Acme", "Support", category="Sign-in"),
        row("Acme", "Support", category="Billing", location="Germany"),
    )
    workspace.import_states(history(workspace, before, after, before | {"date": "2020-01-01"}))
    uses = workspace.vendor("acme")["engagements"]
    assert [(use["category"], use["id"], use.get("ends_on")) for use in uses] == [
        ("help", "support", None), ("billing", "support-2", dt.date(2020, 1, 1)),
    ]  # fmt: skip
    assert [use.category for use in workspace.version(2).subprocessors[0].engagements] == [
        "sign-in",
        "billing",
    ]


def test_uses_in_other_words_are_asked_about_and_the_names_file_answers(workspace: Workspace) -> None:
    states = [
        state("2018-01-01", row("Acme", "Support"), row("Acme", "Mail")),
        state("2019-01-01", row("Acme", "Help desk"), row("Acme", "Sign-in"), row("Acme", "Letters")),
    ]
    report, _ = workspace.import_states(history(workspace, *states), dry_run=True)
    assert '"Acme": mail, support would end and help-desk, letters, sign-in begin' in notes_of(
        report, "proposed"
    )
    lines = [
        f'[[vendors]]\nname = "Acme"\nid = "acme"\nwhen = {{ purpose = "{purpose}" }}\nuse = "{use}"\n'
        for purpose, use in (("Help desk", "support"), ("Letters", "mail"))
    ]
    (workspace.folder / "names.toml").write_text("".join(lines) + '[[vendors]]\nname = "Acme"\nid = "acme"\n')
    report, _ = workspace.import_states(history(workspace, *states))
    assert notes_of(report, "proposed") == ""
    uses = {
        use["id"]: (use["purpose"], use.get("ends_on")) for use in workspace.vendor("acme")["engagements"]
    }
    assert uses == {
        "support": ("Help desk", None), "mail": ("Letters", None), "sign-in": ("Sign-in", None),
    }  # fmt: skip


def test_columns_that_come_and_go_are_followed(workspace: Workspace) -> None:
    states = [
        state("2018-01-01", row("Acme", colour="red")),
        state("2019-01-01", row("Acme", colour="blue", retention="1 day")),
        state("2020-01-01", row("Acme", retention=None)),
    ]
    workspace.import_states(history(workspace, *states), columns={"colour": "extra"})
    found = [workspace.version(number).subprocessors[0].engagements[0] for number in (1, 2, 3)]
    assert [item.extra for item in found] == [{"colour": "red"}, {"colour": "blue"}, {}]
    assert [item.retention for item in found] == [None, "1 day", None]


@pytest.fixture(scope="module")
def whole() -> Iterator[Workspace]:
    """The past, taken over at one go."""
    with memory_folder() as folder:
        made = Workspace(folder)
        made.import_states(history(made, *PAST))
        yield made


@pytest.mark.parametrize("before", [1, 3])
def test_an_import_goes_on_where_it_was_interrupted(
    workspace: Workspace, whole: Workspace, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    calls = iter(range(1, 99))

    def interrupted(order: PublishRequest):
        published = publish_version(order)
        if next(calls) == before:
            raise KeyboardInterrupt
        return published

    with monkeypatch.context() as patch:
        patch.setattr(replay, "publish_version", interrupted)
        with pytest.raises(KeyboardInterrupt):
            workspace.import_states(history(workspace, *PAST))
    _, taken = workspace.import_states(history(workspace, *PAST))
    assert [item.version for item in taken if item.version] == list(range(before + 1, 5))
    for number in range(1, 5):
        assert workspace.version(number).subprocessors == whole.version(number).subprocessors
    assert (workspace.folder / "taken-over.json").read_text() == (
        whole.folder / "taken-over.json"
    ).read_text()
    assert workspace.import_states(history(workspace, *PAST))[1] == ()


def test_a_state_that_cannot_be_read_stops_the_import_and_can_be_left_out(workspace: Workspace) -> None:
    states = [*PAST[:2], state("2019-02-01", row("Ac\u200bme")), *PAST[3:]]
    faults = refusal(lambda: workspace.import_states(history(workspace, *states)))
    assert "state 3: " in faults
    assert "U+200B" in faults
    assert workspace.newest() is None, "a state was published although a later one cannot be read"
    assert not (workspace.folder / "register").exists()
    report, taken = workspace.import_states(history(workspace, *states), skip=("3",))
    assert [item.version for item in taken] == [1, 2, 3, 4]
    assert "state 3 was left out" in notes_of(report, "skipped")


def test_a_refusal_says_what_stands_and_how_to_go_on(workspace: Workspace) -> None:
    workspace.import_states(history(workspace, *PAST[:2]))
    bad = state("2019-02-01", row("Ac\u200bme"))
    with pytest.raises(Refused) as refused:
        workspace.import_states(
            history(workspace, *PAST[:2], bad, state("2019-03-01", row("Beta\u200b")), *PAST[3:])
        )
    assert [finding.message.partition(":")[0] for finding in refused.value.findings] == ["state 3", "state 4"]
    assert "--skip" in refused.value.hint
    assert "versions 1 to 2 stay published, and the same command goes on" in refused.value.hint


def test_a_failure_between_two_versions_says_what_stands(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(order: PublishRequest):
        raise StoreError("no space left on the disk")

    workspace.import_states(history(workspace, *PAST[:2]))
    monkeypatch.setattr(replay, "publish_version", full)
    with pytest.raises(StoreError) as failed:
        workspace.import_states(history(workspace, *PAST))
    assert "versions 1 to 2 stay published" in failed.value.hint


def test_a_dry_run_counts_the_versions_that_would_be_made(workspace: Workspace) -> None:
    _, dry = workspace.import_states(history(workspace, *PAST), dry_run=True)
    _, made = workspace.import_states(history(workspace, *PAST))
    assert dry == made
    assert [item.version for item in dry] == [1, 2, 3, None, 4]


def test_row_numbers_and_inner_columns_make_no_version(workspace: Workspace) -> None:
    first = [row("Acme", **{"#": "1"}), row("Beta", **{"#": "2", "Risk": "high"})]
    then = [row("Acme", **{"#": "2"}), row("Beta", **{"#": "1", "Risk": "low"})]
    _, taken = workspace.import_states(
        history(workspace, state("2018-01-01", *first), state("2019-01-01", *then))
    )
    assert [item.version for item in taken] == [1, None]


def test_a_state_that_breaks_a_rule_leaves_the_folder_as_it_was(workspace: Workspace) -> None:
    origin = history(workspace, state("2018-01-01", {"name": "Acme", "purpose": "x"}))
    assert "R08: state 1: " in refusal(lambda: workspace.import_states(origin))
    assert not (workspace.folder / "register").exists()
    workspace.import_states(origin, defaults={"locations": "varies"})
    assert workspace.version(1).subprocessors[0].engagements[0].locations[0].country == "varies"


def test_a_dry_run_publishes_nothing_and_tells_what_is_missing(workspace: Workspace) -> None:
    origin = history(workspace, state("2018-01-01", {"name": "Acme", "purpose": "x"}), PAST[1])
    _, taken = workspace.import_states(origin, dry_run=True)
    assert [item.rule for item in taken[0].findings] == ["R08"]
    assert workspace.newest() is None
    assert sorted(path.name for path in workspace.folder.iterdir()) == ["in"]


def test_live_versions_follow_on_the_same_log_and_history_no_more(workspace: Workspace) -> None:
    workspace.import_states(history(workspace, *PAST))
    path = workspace.vendor_path("beta")
    path.write_text(
        path.read_text().replace('name = "Beta"', 'name = "Beta"\nwebsite = "https://beta.example/"')
    )
    order = PublishRequest(
        source=workspace.folder / "register",
        store=workspace.store,
        keys=workspace.folder / "private",
        options=PublishOptions(now=NOW),
    )
    assert publish_version(order).snapshot is not None
    newest = workspace.newest()
    assert newest is not None
    assert (newest.version, newest.recorded) == (5, "live")
    later = history(workspace, *PAST, state("2021-01-01", "Acme"))
    assert "R15: version 5 was published live" in refusal(lambda: workspace.import_states(later))


def test_names_that_stay_for_ever_have_to_be_given(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="--register and --publisher"):
        workspace.import_states(history(workspace, *PAST), heading=RegisterDefaults())


def test_history_does_not_begin_in_a_folder_that_has_vendors(workspace: Workspace) -> None:
    workspace.draft(("list.md", page([["Name", "Purpose", "Location"], ["Acme", "x", "FI"]])))
    with pytest.raises(UsageError, match="has sub-processors already"):
        workspace.import_states(history(workspace, *PAST))


def test_a_store_of_other_states_is_refused(workspace: Workspace) -> None:
    workspace.import_states(history(workspace, *PAST))
    with pytest.raises(UsageError, match="comes from none of these states"):
        workspace.import_states(history(workspace, state("2017-01-01", "Acme")))


def test_a_source_that_is_not_the_stores_is_refused(workspace: Workspace) -> None:
    workspace.import_states(history(workspace, *PAST))
    workspace.vendor_path("acme").unlink()
    workspace.vendor_path("gamma").unlink()
    (workspace.folder / "taken-over.json").unlink()
    with pytest.raises(UsageError, match="is not that of the store: it lacks acme"):
        workspace.import_states(history(workspace, *PAST))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("[]", "this is not a history"),
        ('{"versions": [{"entries": []}]}', '"" is not a date or time'),
        ('[{"date": "soon", "entries": []}]', '"soon" is not a date or time'),
        ('[{"date": "0001-01-01T00:00:00+09:00", "entries": []}]', "is not a date or time"),
        ('[{"date": "2018-01-01", "entries": [1]}]', "not a list of objects"),
        ('[{"date": "9999-01-01", "entries": [{"name": "A", "purpose": "x", "location": "FI"}]}]', "R15"),
        ('[{"date": "1900-01-01", "entries": [{"name": "A", "purpose": "x", "location": "FI"}]}]', "R15"),
    ],
)
def test_what_is_no_history_is_refused(workspace: Workspace, content: str, fault: str) -> None:
    origin = Origin(repository=None, path=str(workspace.put("past.json", content)))
    assert fault in refusal(lambda: workspace.import_states(origin))


def test_a_day_begins_in_the_publishers_time_zone(workspace: Workspace) -> None:
    heading = RegisterDefaults(
        register=HEADING.register, publisher="X", time_zone="America/New_York", notice_days=30
    )
    workspace.import_states(history(workspace, *PAST[:2]), heading=heading)
    assert f"{workspace.version(1).published_at:%Y-%m-%dT%H:%M}" == "2018-05-22T04:00"
    assert str(engagement(workspace, "gamma")["starts_on"]) == "2019-01-01"
    assert workspace.register()["notice"]["applies_to"] == ["addition", "replacement", "activation"]
    with pytest.raises(UsageError, match="is not a time zone"):
        Workspace(workspace.folder / "b").import_states(
            history(workspace, *PAST),
            heading=RegisterDefaults(register="a.example/b", publisher="X", time_zone="Moon/Base"),
        )


class Repository:
    """A Git repository of the test, with a commit at any date."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, date: str = "2018-01-01T00:00:00Z") -> str:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com", "GIT_COMMITTER_DATE": date,
        }  # fmt: skip
        return output_of("git", "-C", self.folder, *arguments, env=environment).decode().strip()

    def commit(self, date: str, message: str = "Edit the list", **files: str | None) -> str:
        """Commit files, named with ``_`` for the dot; ``None`` removes one."""
        for name, text in files.items():
            path = self.folder / "pages" / name.replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, date=date)
        return self.git("rev-parse", "HEAD")


def listed(*names: str) -> str:
    return "# Who helps us\n\n" + page(
        [["Name", "Purpose", "Location"], *([name, "Hosting of some thing", "Finland"] for name in names)]
    )


@pytest.fixture
def repository(workspace: Workspace) -> Repository:
    """An empty repository."""
    return Repository(workspace.folder / "site")


def test_the_versions_of_a_file_are_published_with_their_commits(
    workspace: Workspace, repository: Repository
) -> None:
    first = repository.commit("2018-01-01T10:00:00Z", list_md=listed("Acme", "Beta"))
    repository.commit("2018-02-01T10:00:00Z", other_md="no table")
    repository.commit("2018-03-01T10:00:00Z", "Words only", list_md="Hello.\n" + listed("Acme", "Beta"))
    repository.git("mv", "pages/list.md", "pages/new.md")
    repository.commit("2018-04-01T10:00:00Z", "Move it")
    repository.commit(
        "2018-04-01T10:00:00Z", "Add <b>Gamma</b>", new_md="Hello.\n" + listed("Acme", "Beta", "Gamma")
    )
    origin = Origin(repository=repository.folder, path="pages/new.md")
    report, taken = workspace.import_states(origin, subjects=True)
    assert [item.version for item in taken] == [1, None, None, 2]
    assert workspace.version(1).reason.text == f"Imported from commit {first}: Edit the list"
    assert f"{workspace.version(2).published_at:%Y-%m-%dT%H:%M:%SZ}" == "2018-04-01T10:00:01Z"
    assert workspace.version(2).reason.text == f"Imported from {taken[-1].mark}"
    assert "holds HTML" in notes_of(report, "skipped")
    repository.commit("2018-05-01T10:00:00Z", "Remove Acme", new_md=listed("Beta", "Gamma"))
    _, taken = workspace.import_states(origin)
    assert [(item.version, item.ended) for item in taken] == [(3, ("Acme",))]


def test_a_branch_counts_when_it_is_merged(workspace: Workspace, repository: Repository) -> None:
    repository.commit("2018-01-01T10:00:00Z", list_md=listed("Acme"))
    repository.git("checkout", "-q", "-b", "draft")
    repository.commit("2018-02-01T10:00:00Z", list_md=listed("Acme", "Beta"))
    repository.commit("2018-03-01T10:00:00Z", list_md=listed("Acme", "Beta", "Gamma"))
    repository.git("checkout", "-q", "main")
    repository.commit("2018-04-01T10:00:00Z", other_md="x")
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "draft", date="2018-05-01T10:00:00Z")
    _, taken = workspace.import_states(Origin(repository=repository.folder, path="pages/list.md"))
    assert [(f"{item.at:%m}", item.added) for item in taken] == [("01", ("Acme",)), ("05", ("Beta", "Gamma"))]


def test_a_commit_that_takes_the_file_away_is_no_state(workspace: Workspace, repository: Repository) -> None:
    repository.commit("2018-01-01T10:00:00Z", list_md=listed("Acme"))
    repository.commit("2018-02-01T10:00:00Z", list_md=None)
    repository.commit("2018-03-01T10:00:00Z", list_md=listed("Acme", "Beta"))
    report, taken = workspace.import_states(Origin(repository=repository.folder, path="pages/list.md"))
    assert [item.version for item in taken] == [1, 2]
    assert "took the file away" in notes_of(report, "skipped")


def test_history_may_begin_at_a_revision(workspace: Workspace, repository: Repository) -> None:
    repository.commit("2018-01-01T10:00:00Z", list_md=listed("Acme"))
    repository.commit("2018-02-01T10:00:00Z", list_md=listed("Acme", "Beta"))
    start = repository.commit("2018-03-01T10:00:00Z", other_md="x")
    repository.commit("2018-04-01T10:00:00Z", list_md=listed("Acme", "Beta", "Gamma"))
    origin = Origin(repository=repository.folder, path="pages/list.md", since=start, date="author")
    _, taken = workspace.import_states(origin)
    assert [(f"{item.at:%m}", item.added) for item in taken] == [("02", ("Acme", "Beta")), ("04", ("Gamma",))]


def test_a_bad_commit_is_named_and_can_be_left_out(workspace: Workspace, repository: Repository) -> None:
    repository.commit("2018-01-01T10:00:00Z", list_md=listed("Acme"))
    bad = repository.commit("2018-02-01T10:00:00Z", list_md=listed("Acme", "B\u200beta"))
    repository.commit("2018-03-01T10:00:00Z", list_md=listed("Acme", "Beta"))
    origin = Origin(repository=repository.folder, path="pages/list.md")
    assert f"commit {bad}: " in refusal(lambda: workspace.import_states(origin))
    assert [item.version for item in workspace.import_states(origin, skip=(bad[:8],))[1]] == [1, 2]


def test_a_shallow_clone_is_not_taken_for_the_whole_history(
    workspace: Workspace, repository: Repository
) -> None:
    repository.commit("2018-01-01T10:00:00Z", list_md=listed("Acme"))
    repository.commit("2018-02-01T10:00:00Z", list_md=listed("Acme", "Beta"))
    copy = workspace.folder / "copy"
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.folder}", str(copy))
    with pytest.raises(UsageError, match="shallow clone") as refused:
        workspace.import_states(Origin(repository=copy, path="pages/list.md"))
    assert "git fetch --unshallow" in refused.value.hint
    repository.git("-C", str(copy), "fetch", "-q", "--unshallow")
    assert len(workspace.import_states(Origin(repository=copy, path="pages/list.md"))[1]) == 2


@pytest.mark.parametrize(
    ("path", "since", "message"),
    [
        ("pages/none.md", None, "no commit of .* touches"),
        ("pages/list.md", "none", "has no revision 'none'"),
        ("pages/list.md", "--all", "has no revision '--all'"),
        ("../x", None, "git log failed"),
    ],
)
def test_what_git_does_not_know_is_wrong_use(
    workspace: Workspace, repository: Repository, path: str, since: str | None, message: str
) -> None:
    repository.commit("2018-01-01T10:00:00Z", list_md=listed("Acme"))
    with pytest.raises(UsageError, match=message):
        workspace.import_states(Origin(repository=repository.folder, path=path, since=since))


def test_a_folder_without_repository_is_wrong_use(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace.folder / "empty").mkdir()
    monkeypatch.setenv("GIT_DIR", "nowhere")
    with pytest.raises(UsageError, match="git log failed"):
        workspace.import_states(Origin(repository=workspace.folder / "empty", path="x.md"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="git is not installed"):
        workspace.import_states(Origin(repository=workspace.folder / "empty", path="x.md"))


def test_path_names_are_taken_literally(workspace: Workspace, repository: Repository) -> None:
    repository.commit("2018-01-01T10:00:00Z", list_md=listed("Acme"))
    with pytest.raises((UsageError, Refused)):
        workspace.import_states(Origin(repository=repository.folder, path="pages/*.md"))
