"""A calendar program takes what is published, and knows an event again when its date moves."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import programs
from publishers import NOW, Publisher
from register_api.core.format import tree
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

RULES = """
[calendars]
[[register]]
path = {home}/register
[sqlite]
path = {home}/khal.db
[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
"""
AHEAD = NOW.date() + dt.timedelta(days=60)


def imported(home: Path, calendar: Path) -> list[tuple[str, str]]:
    """Let khal take a calendar in; return day and title of every event that it then has."""
    (home / "register").mkdir(exist_ok=True, parents=True)
    rules = home / "khal.conf"
    rules.write_text(RULES.format(home=home), "utf-8")
    khal = (need("khal"), "-c", rules)
    programs.output_of(*khal, "import", "--batch", "-a", "register", calendar)
    shown = ("list", "--notstarted", "--day-format", "", "--format", "{start-date}|{title}")
    lines = programs.output_of(*khal, *shown, str(NOW.date()), "365d").decode().splitlines()
    return sorted((day, title) for day, _, title in (line.partition("|") for line in lines if "|" in line))


def test_khal_takes_the_calendar_and_moves_what_has_moved(tmp_path: Path) -> None:
    publisher, home = Publisher(tmp_path / "publisher"), tmp_path / "khal"
    for name in ("beta", "gamma"):
        publisher.list(name, f"starts_on = {AHEAD}\n")
    publisher.publish(NOW)
    calendar = publisher.store / "public" / tree.CALENDAR.path()
    first = imported(home, calendar)
    assert [day for day, _ in first] == [str(AHEAD)] * 2
    assert [name in title for name, (_, title) in zip(("Beta", "Gamma"), first, strict=True)] == [True] * 2
    later = AHEAD + dt.timedelta(days=7)
    publisher.list("beta", f"starts_on = {later}\n")
    publisher.publish(NOW + dt.timedelta(seconds=1))
    second = imported(home, calendar)
    assert second == [first[1], (str(later), first[0][1])]
