"""The jobs of a service for Git repositories that review, publish and renew a register, as it reads them.

Between two runs nothing is kept but a branch with the tree that is served. A job takes it over as ``recover``
does, signs, and pushes what came of it on top of what it took over: of two jobs at once the second one's push
is refused, and what it has signed is thrown away before anybody has seen it.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import jinja2

from register_api.core.instant import in_words, latest_renewal
from register_api.errors import UsageError

WorkflowFormat = Literal["github", "gitlab"]

USUAL = dt.timedelta(days=15)
"""How long a timestamp is good for a publisher with a weekly job: one of them may fail."""

_TEMPLATES: dict[WorkflowFormat, str] = {"github": "github.yml.j2", "gitlab": "gitlab.yml.j2"}

_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_SCHEDULES = (
    (7 * _DAY, "17 5 * * 1", "every Monday"),
    (_DAY, "17 5 * * *", "every day"),
    *((hours * _HOUR, f"17 */{hours} * * *", f"every {hours} hours") for hours in (12, 6, 3)),
    (_HOUR, "17 * * * *", "every hour"),
)
"""Interval, as cron has it, in words; at a minute at which services have less to do than at the full hour."""


def workflow(form: WorkflowFormat, fresh_for: dt.timedelta, version: str) -> str:
    """Return the file with the jobs.

    Args:
        form: For which service it is.
        fresh_for: How long timestamps are good; renewed at the latest after half of that.
        version: The release of this program that the jobs install.

    Raises:
        UsageError: No schedule of such a service is often enough.
    """
    cron, often = _schedule(fresh_for)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("register_api.hosting"),
        undefined=jinja2.StrictUndefined,
        variable_start_string="<<",  # braces belong to the service
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (no HTML: the values are our own)
    )
    hours = fresh_for // _HOUR
    return environment.get_template(_TEMPLATES[form]).render(
        fresh_for=f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h",
        schedule=cron,
        often=often,
        version=version,
    )


def _schedule(fresh_for: dt.timedelta) -> tuple[str, str]:
    """Return the longest interval after which one renewal may still fail."""
    for interval, cron, often in _SCHEDULES:
        if interval <= latest_renewal(fresh_for):
            return cron, often
    raise UsageError(
        f"a timestamp good for {in_words(fresh_for)} is to be renewed more often than such jobs are started",
        hint="--fresh-for 2h or more; 15d for a weekly job",
    )
