"""README.txt: what a package shows, in words for people who decide by it.

It is made from what the package proves and from nothing else, so that whoever verifies a package can
make it again and compare. Its wording belongs to the form that its first line names.
"""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from typing import TYPE_CHECKING

from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.diff.wording import english_date
from register_api.core.keys.key_list import good_key
from register_api.errors import Forged
from register_api.verify.checks.recorder import NotApplicable
from register_api.verify.evidence.archive import README
from register_api.verify.evidence.readme_commands import Names, commands_by_hand
from register_api.verify.evidence.time_stamp import stamped_size
from register_api.verify.report.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.diff.changes import Change
    from register_api.core.log.checkpoint import Checkpoint
    from register_api.verify.evidence.contents import Contents

FORM = "Evidence of a register of sub-processors, form 1"
FORM_WITH_STAMP = "Evidence of a register of sub-processors, form 2"
"""As form 1, with the commands for the time stamp in the package."""

_LATER_FORM = re.compile(rb"Evidence of a register of sub-processors, form ([3-9]|[1-9][0-9]+)\n")

_LIMITS = """\
What this does not show: whether what the register says is true or complete; whether the publisher's
clock was right, as the date is its own word; whether newer versions followed after the newest log above.

To verify it all, also years from now and without network, with the SHA-256 of the first root from your
contract: register-api verify --offline FILE --root-sha256 HEX
"""

_WIDTH = 100
_MAX_CHANGES = 200


def make_readme(contents: Contents) -> bytes:
    """Return README.txt for a package of which everything else has been found to hold."""
    return _readme(contents, stamped_size(contents.files, contents.version, contents.head.size))


def _readme(contents: Contents, stamped: int | None) -> bytes:
    """Return the text for a stamp on the checkpoint of a size, or for none."""
    form = FORM if stamped is None else FORM_WITH_STAMP
    lines = [form, "=" * len(form), "", *_statement(contents), *_log(contents)]
    return ("\n".join(lines) + "\n" + _LIMITS + commands_by_hand(_names(contents, stamped))).encode()


def check_readme(contents: Contents) -> str:
    """Compare README.txt with what the package shows (E15).

    Raises:
        Forged: It says something else.
        NotApplicable: There is none, or it is of a form that is still to come.
    """
    data = contents.files.get(README)
    if data is None:
        raise NotApplicable("there is none")
    if _LATER_FORM.match(data):
        raise NotApplicable("it is of a later form than this release knows: do not rely on it")
    # A stamp may have been added to a package that was made without one, and has its README still.
    expected = _readme(contents, None) if data.startswith(f"{FORM}\n".encode()) else make_readme(contents)
    if data != expected:
        raise Forged("README.txt does not say what the package shows: do not rely on it")
    return "word for word"


def _statement(contents: Contents) -> Iterator[str]:
    register, changes = contents.register, contents.diff.changes
    who = plain(register.publisher.legal_name or register.publisher.name)
    taken_over = register.recorded == "imported"
    yield from _wrap(
        f"On {_instant(register.published_at)}, {who} published version {register.version} of its register "
        f"of sub-processors, {plain(register.register)}"
        + (", and announced:" if changes else "; it announced no change.")
    )
    if taken_over:
        yield from _wrap(
            "This version is marked as taken over from an older record: the date is what the publisher says "
            "of the past, and the signatures were made later."
        )
    yield ""
    for change in changes[:_MAX_CHANGES]:
        yield from _change(change)
    if len(changes) > _MAX_CHANGES:
        yield f"- and {len(changes) - _MAX_CHANGES} more, in diff.json."
        yield ""


def _change(change: Change) -> Iterator[str]:
    # Four spaces are for commands alone: no foreign text may look like one.
    notice = change.notice
    yield from textwrap.wrap(plain(change.summary), _WIDTH, initial_indent="- ", subsequent_indent="  ")
    if notice.announced_on is not None and notice.starts_on is not None:
        yield f"  Announced on {english_date(notice.announced_on)}, from {english_date(notice.starts_on)}."
    if notice.required and notice.days is not None:
        kept = "the promise was kept" if notice.met else "the promise was NOT kept"
        yield f"  Notice given: {notice.days} days; promised: {notice.promised_days}; {kept}."
    yield ""


def _log(contents: Contents) -> Iterator[str]:
    yield f"SHA-256 of this version of the register: {digest(contents.register_data)}"
    yield f"The log when it was published:  {_line(contents.log)}"
    yield f"The newest log in this package: {_line(contents.head)}"
    yield from _wrap(
        "Whoever has a checkpoint of one of these sizes must have the same root. The keys were vouched for "
        f"until {_instant(contents.trusted.fresh_until)}; what was signed before stays proven."
    )
    yield ""


def _line(log: Checkpoint) -> str:
    return f"size {log.size}, root {strict_base64.encode(log.root)}"


def _names(contents: Contents, stamped: int | None) -> Names:
    keys, version = contents.keys, contents.version
    return Names(
        version=version,
        document_kid=good_key(keys, "document", None, version).kid,
        log_kid=good_key(keys, "log", None, version).kid,
        targets_version=contents.trusted.targets_version,
        stamped_size=stamped,
    )


def _instant(instant: dt.datetime) -> str:
    utc = instant.astimezone(dt.UTC)
    return f"{english_date(utc.date())}, {utc:%H:%M:%S} UTC"


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_on_hyphens=False)
