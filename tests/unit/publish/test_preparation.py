"""From source and options to the version that it would become."""

from __future__ import annotations

import datetime as dt

import pytest

from publishers import NOW, Publisher
from register_api.errors import Refused
from register_api.publish.preparation import Baseline, PublishOptions, prepare, read_base

SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("options", "version", "kind"),
    [
        ({}, 1, "initial"),
        ({}, 2, "change"),
        ({"corrects": 1}, 3, "correction"),
        ({"kind": "editorial"}, 3, "editorial"),
        ({"kind": "change", "corrects": 1}, 3, "change"),
    ],
)
def test_the_kind_follows_from_what_is_said(options: dict, version: int, kind: str) -> None:
    reason = PublishOptions(now=NOW, text="why", **options).reason(version)
    assert (reason.kind, reason.text) == (kind, "why")


def test_a_source_that_cannot_be_read_has_findings_and_no_version(publisher: Publisher) -> None:
    (publisher.source / "register.toml").write_text("register = ", "utf-8")
    prepared = prepare(publisher.source, Baseline(), PublishOptions(now=NOW))
    assert prepared.register is None
    assert [finding.rule for finding in prepared.findings] == ["R01"]
    with pytest.raises(Refused, match="1 error in the source"):
        prepared.required()


def test_findings_of_rules_have_their_line(publisher: Publisher) -> None:
    publisher.list("beta", 'status = "active"\nends_on = 2020-01-01')
    publisher.list("beta", "starts_on = 2020-01-02\nends_on = 2020-01-01")
    prepared = prepare(publisher.source, Baseline(), PublishOptions(now=NOW))
    (finding,) = [finding for finding in prepared.findings if finding.severity == "error"]
    assert (finding.rule, finding.file) == ("R09", "subprocessors/beta.toml")
    lines = (publisher.source / "subprocessors/beta.toml").read_text("utf-8").splitlines()
    assert lines[finding.line - 1] == "ends_on = 2020-01-01"


def test_an_unchanged_source_is_known_as_such_whatever_publishing_sets(publisher: Publisher) -> None:
    publisher.publish(NOW)
    base = read_base(publisher.snapshot())
    prepared = prepare(publisher.source, base, PublishOptions(now=NOW + SECOND, text="another reason"))
    assert prepared.unchanged
    assert prepared.register is not None
    assert prepared.register.version == 2


def test_an_empty_store_is_no_base() -> None:
    assert read_base(None) == Baseline()


def test_the_base_is_the_newest_version_with_all_promises(publisher: Publisher) -> None:
    publisher.publish(NOW)
    publisher.say("longer", days=60)
    publisher.publish(NOW + SECOND)
    base = read_base(publisher.snapshot())
    assert base.register is not None
    assert base.promises is not None
    assert base.register.version == 2
    assert [policy.notice.days for policy in base.promises.policies] == [30, 60]
    assert base.promises.first_live == 1
