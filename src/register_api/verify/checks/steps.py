"""The checks in the order they are made, and what each rests on: of a published register, and of a package.

Each line reads what earlier lines vouched for. Where one of these did not hold, the line is not made.
"""

from __future__ import annotations

from register_api.core.instant import format_instant
from register_api.errors import Stale
from register_api.verify.checks import feeds, keys, mirrors, version_history, witnesses
from register_api.verify.checks import round as head
from register_api.verify.checks.check_table import NotApplicable
from register_api.verify.checks.round import Round
from register_api.verify.checks.run import Step, make_checks

_IN_FULL = version_history.CHECKS[1:]

_OF_A_REGISTER: tuple[Step[Round], ...] = (
    Step("V01", head.begin),
    Step("V02", head.follow_trust, "V01"),
    Step("V03", head.read_key_list, "V02"),
    Step("V04", head.read_register, "V02 V03"),
    Step("V05", head.check_register_signatures, "V02 V03 V04"),
    Step("V06", head.check_same_register, "V04"),
    Step("V07", head.check_clock, "V04 V02"),
    Step("V08", head.open_log, "V02 V03 V04"),
    Step("V09", witnesses.check_witnesses, "V08"),
    Step("V10", version_history.check_continues, "V06 V08"),
    Step("V11", version_history.check_newest, "V02 V08 V04"),
    Step("V30", keys.check_key_history, "V06 V11 V02 V03 V08"),
    Step("V12", version_history.check_versions, "V08", whole=True),
    Step("V13", version_history.check_history, "V02 V08", whole=True, also=_IN_FULL),
    Step("V20", feeds.check_feed, "V02 V03 V04", whole=True),
    Step("V21", feeds.check_feed_signatures, "V02 V08 V20", whole=True),
    Step("V22", feeds.check_feed_entries, "V02 V08 V20", whole=True),
    Step("V23", feeds.check_archive, "V08", whole=True),
    Step("V24", keys.check_key_files, "V03", whole=True),
    Step("V26", mirrors.check_discovery, "V02 V04", whole=True),
    Step("V27", witnesses.check_others, "V08"),
    Step("V28", witnesses.check_time_stamp, "V08"),
    Step("V32", witnesses.check_dates, "V06 V11 V08 V04"),
    Step("V33", keys.check_disowned, "V06 V30 V03 V08"),
    Step("V29", mirrors.check_upcoming, "V04", whole=True),
    Step("V34", mirrors.check_head_files, "V02 V03 V04", whole=True),
    Step("V25", mirrors.check_copies, "V02 V03 V04"),
)


def check_round(run: Round) -> Round:
    """Make every check of a published register whose ground holds."""
    make_checks(run, _OF_A_REGISTER)
    return run


def check_package(run: Round, version: int) -> Round:
    """Make every check of one version, from the files that prove it, whose ground holds.

    Freshness is stated and not judged: whoever needs evidence needs it later.
    """
    run.version = version
    make_checks(run, _OF_A_PACKAGE)
    return run


def _check_times(run: Round) -> str:
    """Compare until when the metadata vouched with when the version was published (E02)."""
    trusted, found = run.targets.trusted, run.found
    if found is None:
        raise NotApplicable("the version's files do not hold")
    published = found.register.published_at
    for role, expires in trusted.expires.items():
        if expires <= published:
            raise Stale(
                f"the {role} metadata had expired on {expires:%Y-%m-%d}, before the version was published"
            )
    until = format_instant(trusted.fresh_until)
    return f"published at {format_instant(published)}, vouched for until {until}"


_OF_A_PACKAGE: tuple[Step[Round], ...] = (
    Step("V01", head.begin),
    Step("V02", head.follow_trust, "V01"),
    Step("V03", head.read_key_list, "V02"),
    Step("V08", head.open_log, "V02 V03"),
    Step("V09", witnesses.check_witnesses, "V08"),
    Step("V13", version_history.check_history, "V02 V08", also=_IN_FULL),
    Step("V30", keys.check_key_history, "V13 V02 V03 V08"),
    Step("V24", keys.check_key_files, "V03"),
    Step("V25", mirrors.check_copies, "V02 V03 V08"),
    Step("V28", witnesses.check_time_stamp, "V08"),
    Step("E02", _check_times, "V02 V13"),
)
