"""What happened, or would happen, in words a lawyer understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from register_api.cli.output import out
from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.instant import format_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from register_api.core.diff.changes import Change, Diff
    from register_api.core.model import Register
    from register_api.core.notice import NoticeStatus
    from register_api.core.proposals import Proposal
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


def print_proposals(proposals: Sequence[Proposal]) -> None:
    """Print what the publisher may have meant, each with what to write if it is so."""
    if proposals:
        out.print(Text("Perhaps meant; you decide, nothing is changed:", style="bold"))
    for proposal in proposals:
        out.print(Text(f"  • {proposal.seen}") + Text(f"  [{proposal.kind.replace('_', ' ')}]", style="dim"))
        for edit in proposal.edits:
            out.print(Text(f"      → {edit.file}: {edit.key} = {edit.value}"))
        if proposal.options:
            out.print(Text(f"      → publish with {proposal.options}"))
        if proposal.advice:
            out.print(Text(f"      {proposal.advice}", style="dim"))


def print_publication(snapshot: Snapshot) -> None:
    """Print what is published now: version, size and root of the log, the root of trust."""
    state = snapshot.state
    root = strict_base64.encode(bytes.fromhex(state.root_hash))
    when = format_instant(state.published_at)
    out.print(f"Published version {state.version} of {state.register} at {when}.")
    out.print(f"  log          size {state.version}, root {root}")
    out.print(f"  trust root   1.root.json, SHA-256 {digest(snapshot.read('trust/1.root.json'))}")
    out.print(f"  tree         {snapshot.store / 'public'}")
