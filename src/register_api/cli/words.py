"""What happened, or would happen, in words a lawyer understands."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from rich.text import Text

from register_api.cli.output import out
from register_api.core.canonical import digest

if TYPE_CHECKING:
    from register_api.core.changes import Change, Diff
    from register_api.core.model import Register
    from register_api.core.notice import NoticeStatus
    from register_api.store.reader import Snapshot


def print_changes(register: Register, diff: Diff) -> None:
    """Print what a version says against the one before, with the notice each change gets."""
    before = f"version {diff.from_.version}" if diff.from_ else "nothing"
    kind = register.reason.kind
    out.print(Text(f"Version {register.version} ({kind}) against {before}:", style="bold"))
    if not diff.changes:
        out.print("  no change that customers would be told; only the documents' own bookkeeping")
    for change in diff.changes:
        _print_change(change)


def _print_change(change: Change) -> None:
    label = change.class_.replace("_", " ")
    out.print(Text(f"  • {change.summary}") + Text(f"  [{label}]", style="dim"))
    notice = describe_notice(change.notice)
    if notice:
        out.print(Text(f"      {notice}", style="green" if change.notice.met else "red"))


def describe_notice(notice: NoticeStatus) -> str:
    """Return one sentence on the notice given, or an empty string where none is owed."""
    if not notice.required or notice.days is None:
        return ""
    kept = "the notice promise is kept" if notice.met else "the notice promise is NOT kept"
    given = f"{notice.days} of {notice.promised_days} days' notice"
    late = "announced after it began" if notice.days < 0 else given
    objection = f"; objections until {notice.objection_until}" if notice.objection_until else ""
    return f"announced on {notice.announced_on}, starts on {notice.starts_on}: {late}, {kept}{objection}"


def print_publication(snapshot: Snapshot) -> None:
    """Print what is published now: version, size and root of the log, the root of trust."""
    state = snapshot.state
    root = base64.b64encode(bytes.fromhex(state.root_hash)).decode()
    when = f"{state.published_at:%Y-%m-%dT%H:%M:%SZ}"
    out.print(f"Published version {state.version} of {state.register} at {when}.")
    out.print(f"  log          size {state.version}, root {root}")
    out.print(f"  trust root   1.root.json, SHA-256 {digest(snapshot.read('trust/1.root.json'))}")
    out.print(f"  tree         {snapshot.store / 'public'}")
