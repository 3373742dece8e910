"""What happened, or would happen, in words a lawyer understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from register_api.cli.output import out
from register_api.clock import zone_of
from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.instant import format_instant
from register_api.core.language.changes import Sentences
from register_api.core.language.prose import sentence
from register_api.core.language.shown_changes import shown_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from register_api.core.diff.changes import Diff
    from register_api.core.language.language import Language
    from register_api.core.language.shown_changes import ShownChange
    from register_api.core.model import Register
    from register_api.core.proposals import Proposal
    from register_api.store.reader import Snapshot


def print_changes(register: Register, diff: Diff) -> None:
    """Print what a version says against the one before, with the notice each change gets."""
    before = f"version {diff.older.version}" if diff.older else "nothing"
    kind = register.reason.kind
    out.print(Text(f"Version {register.version} ({kind}) against {before}:", style="bold"))
    if not diff.changes:
        out.print("  no change that customers would be told; only the documents' own bookkeeping")
    sentences = Sentences.between(None, register, zone_of(register.publisher.time_zone))
    for shown in shown_changes(diff.changes, sentences):
        _print_change(shown, sentences.language)


def _print_change(shown: ShownChange, language: Language) -> None:
    change = shown.change
    label = language.code("change", change.type)
    out.print(Text(f"  • {change.summary}") + Text(f"  [{label}]", style="dim"))
    said = (*shown.dates, *([sentence(shown.notice)] if shown.notice else []))
    if said:
        style = "" if not change.notice.required else "green" if change.notice.met else "red"
        out.print(Text(f"      {' '.join(said)}", style=style))
    for both in shown.texts:
        missing = language.text("not specified")
        out.print(f"      {language.text('{label} before', label=both.label)}: {both.before or missing}")
        out.print(f"      {language.text('{label} now', label=both.label)}: {both.after or missing}")


def print_proposals(proposals: Sequence[Proposal]) -> None:
    """Print what the publisher may have meant, each with what to write if it is so."""
    if proposals:
        out.print(Text("Perhaps meant; you decide, nothing is changed:", style="bold"))
    for proposal in proposals:
        out.print(Text(f"  • {proposal.seen}") + Text(f"  [{proposal.kind.replace('_', ' ')}]", style="dim"))
        for edit in proposal.edits:
            out.print(Text(f"      → {edit.file}: {edit.key} = {edit.value}"))
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
