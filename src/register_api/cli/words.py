"""Published and proposed changes as text that a lawyer understands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from rich.text import Text

from register_api.cli.output import out
from register_api.clock import zone_of
from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.changes import Diff
from register_api.core.instant import format_instant
from register_api.core.language.changes import Sentences, described_changes
from register_api.core.language.language import sentence
from register_api.core.model import Register
from register_api.core.proposals import Proposal
from register_api.core.text import escaped
from register_api.errors import StoreError
from register_api.store.reader import Snapshot, open_snapshot


class Line(NamedTuple):
    """A heading (depth 0), an item (1) or a detail (2); its text may contain untrusted names."""

    depth: Literal[0, 1, 2]
    text: str
    remark: str = ""
    style: str = ""


def change_lines(register: Register, diff: Diff) -> Iterator[Line]:
    """Yield the changes of a version since the previous one, with the notice given for each."""
    before = f"version {diff.older.version}" if diff.older else "nothing"
    yield Line(0, f"Version {register.version} ({register.reason.kind}) against {before}:")
    if not diff.changes:
        yield Line(1, "no change that concerns customers; only bookkeeping within the documents")
    sentences = Sentences.between(None, register, zone_of(register.publisher.time_zone))
    language = sentences.language
    missing = language.text("not specified")
    for described in described_changes(diff.changes, sentences):
        change = described.change
        yield Line(1, change.summary, language.code("change", change.type))
        notes = (*described.dates, *([sentence(described.notice)] if described.notice else []))
        if notes:
            style = "" if not change.notice.required else "green" if change.notice.met else "red"
            yield Line(2, " ".join(notes), style=style)
        for both in described.texts:
            yield Line(2, f"{language.text('{label} before', label=both.label)}: {both.before or missing}")
            yield Line(2, f"{language.text('{label} now', label=both.label)}: {both.after or missing}")


def proposal_lines(proposals: Sequence[Proposal]) -> Iterator[Line]:
    """Yield what the publisher may have meant, each with the edit to make in that case."""
    if proposals:
        yield Line(0, "Perhaps meant; you decide, nothing is changed:")
    for proposal in proposals:
        yield Line(1, proposal.seen, proposal.kind.replace("_", " "))
        for edit in proposal.edits:
            yield Line(2, f"→ {edit.file}: {edit.key} = {edit.value}")
        if proposal.advice:
            yield Line(2, proposal.advice, style="dim")


_BEGINS = ("", "  • ", "      ")


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines to the terminal."""
    for line in lines:
        style = line.style or ("" if line.depth else "bold")
        remark = f"  [{line.remark}]" if line.remark else ""
        out.print(Text.assemble(_BEGINS[line.depth], (line.text, style), (remark, "dim")))


_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
"""Punctuation that a backslash escapes in Markdown (CommonMark section 2.4)."""


def markdown(lines: Iterable[Line]) -> str:
    """Return lines as Markdown for a comment, with untrusted text escaped.

    It cannot produce markup, links, HTML, mentions or references.
    """
    forms = ("\n**{}**\n", "- {}", "  - {}")
    rows = (
        forms[line.depth].format(_as_text(line.text)) + (f" *{_as_text(line.remark)}*" if line.remark else "")
        for line in lines
    )
    return "".join(f"{row}\n" for row in rows).lstrip()


def _as_text(text: str) -> str:
    r"""Escape a text for Markdown.

    GitHub looks for mentions and references after ``\@`` has become ``@``, so a zero-width space follows.
    """
    seen = _PUNCTUATION.sub(r"\\\g<0>", escaped(" ".join(text.split())))
    return seen.replace("#", "#&#8203;").replace("@", "@&#8203;")


def published(store: Path) -> Snapshot:
    """Return a store's snapshot; raise ``StoreError`` if nothing was published yet."""
    snapshot = open_snapshot(store)
    if snapshot is None:
        raise StoreError(f"nothing was published into {store} yet", hint="register-api publish")
    return snapshot


def print_publication(snapshot: Snapshot) -> None:
    """Print what is published: version, log size and root hash, trust root."""
    state = snapshot.state
    root = strict_base64.encode(bytes.fromhex(state.root_hash))
    when = format_instant(state.published_at)
    out.print(f"Published version {state.version} of {state.register} at {when}.")
    out.print(f"  log          size {state.version}, root {root}")
    out.print(f"  trust root   1.root.json, SHA-256 {digest(snapshot.read('trust/1.root.json'))}")
    out.print(f"  tree         {snapshot.store / 'public'}")


def publications(store: Path, before: Snapshot | None) -> str:
    """Describe which versions were published since ``before`` was read."""
    first, now = before.state.version if before else 0, open_snapshot(store)
    added = range(first + 1, now.state.version + 1 if now else 0)
    if len(added) > 1:
        return f"versions {added[0]} to {added[-1]} are published"
    return f"version {added[0]} is published" if added else "nothing was published"
