"""preview prints the mail, and takes one way to show it at a time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from publishers import NOW

if TYPE_CHECKING:
    from conftest import Call

    from publishers import Publisher

SOON = f"starts_on = {(NOW + dt.timedelta(days=40)).date()}"


def test_the_mail_is_printed_as_it_would_be_sent(published: Call, publisher: Publisher) -> None:
    publisher.list("beta", SOON)
    result = published("preview", "--mail")
    subject, empty, first = result.stdout.splitlines()[:3]
    assert result.exit_code == 0
    assert subject.startswith("Subject: Beta Oy will be added as a sub-processor on ")
    assert subject.endswith(" | sub-processors of Example, version 2")
    assert (empty, first[:42]) == ("", "Sub-processors of Example. Version 2, publ")
    assert "register-api verify https://example.com/ --root-sha256 " in result.stdout


def test_where_nothing_has_changed_there_is_no_mail(published: Call) -> None:
    result = published("preview", "--mail")
    assert result.stdout == "Nothing has changed since version 1; publishing makes no version.\n"


def test_a_refused_source_has_no_mail(call: Call, publisher: Publisher) -> None:
    (publisher.source / "register.toml").write_text("nonsense", "utf-8")
    result = call("preview", "--mail")
    assert result.exit_code == 1
    assert "R01" in result.stderr


def test_one_way_to_show_it_at_a_time(call: Call) -> None:
    result = call("preview", "--mail", "--serve")
    assert result.exit_code == 2
    assert "one of --markdown, --json, --mail and --serve" in result.stderr
