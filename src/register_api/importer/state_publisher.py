"""Taking over one state: read, written into a passing copy, published, kept."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec

from register_api.core.calendar import local_day
from register_api.core.canonical import encoded
from register_api.core.model import Register
from register_api.core.printable import quoted
from register_api.core.text import text_problems
from register_api.errors import Finding, Refused, UsageError
from register_api.importer.import_folder import SOURCE, vendor_ids, write_files
from register_api.importer.list_states import ListState, reason_of
from register_api.importer.state_importer import ImportPlan, StateImporter
from register_api.publish.pipeline import PublishRequest, publish_version
from register_api.publish.preparation import Baseline, PublishOptions, prepare


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where states are published.

    Attributes:
        base: What the store holds.
        now: The present instant, UTC.
        skip: Commits (their first letters) or numbers of states that are left out.
        subjects: Whether the first line of a commit's message, or a state's title, is published, too.
        dry_run: Whether nothing is published; states are read and judged as if they were.
    """

    store: Path
    keys: Path
    base: Baseline
    now: dt.datetime
    base_url: str | None = None
    skip: tuple[str, ...] = ()
    subjects: bool = False
    dry_run: bool = False


class ImportedState(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one state.

    Attributes:
        version: The version that it became, or in a dry run would become; ``None`` if it said what the
            one before said.
        added: Names that came with it, or came back.
        ended: Names that it no longer had.
        findings: The errors that keep it from being published.
    """

    mark: str
    at: dt.datetime
    version: int | None = None
    added: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class StatePublisher:
    """Takes over one state after the other."""

    def __init__(self, importer: StateImporter, target: Target, staging: Path) -> None:
        """Keep what states are taken over with."""
        self._importer = importer
        self._target = target
        self._staging = staging
        self._base = target.base

    @property
    def newest(self) -> Register | None:
        """The newest version as of now; ``None`` before the first."""
        return self._base.register

    def catch_up(self, item: ListState) -> None:
        """Write the state of the newest version once more: an interruption may have come in between."""
        plan = self._plan(item, first=self.newest is not None and self.newest.version == 1)
        write_files(self._staging, plan.source)
        self._keep(plan)

    def check_source(self) -> None:
        """Refuse a folder that lacks what the store has."""
        published = self._base.register.subprocessors if self._base.register else ()
        missing = {item.id for item in published} - set(vendor_ids(self._importer.folder))
        if missing:
            names = ", ".join(sorted(missing)[:5])
            raise UsageError(
                f"the source in {self._importer.folder} is not that of the store: it lacks {names}"
            )

    def publish(self, item: ListState) -> ImportedState:
        """Publish one state, unless it says what the one before said."""
        before = self._importer.memory
        try:
            plan = self._plan(item, first=self.newest is None)
        except Refused as refusal:
            return ImportedState(mark=item.mark, at=item.at, findings=refusal.findings)
        if plan.memory == before:
            return ImportedState(mark=item.mark, at=item.at)
        write_files(self._staging, plan.source)
        intent = PublishOptions(now=self._target.now, at=item.at, text=reason_of(item, self._subject(item)))
        version, findings = None, tuple[Finding, ...]()
        try:
            version = self._rehearse(intent) if self._target.dry_run else self._publish(intent)
        except Refused as refusal:
            findings = tuple(_of(item, f) for f in refusal.findings if f.severity == "error")
            if not self._target.dry_run:
                return ImportedState(mark=item.mark, at=item.at, findings=findings)
        taken = ImportedState(
            mark=item.mark,
            at=item.at,
            version=version,
            added=tuple(
                v.name for v in plan.vendors if v.id not in before.vendors or not before.vendors[v.id].listed
            ),
            ended=tuple(
                str(known.fields.get("name", vendor))
                for vendor, known in before.vendors.items()
                if known.listed and not plan.memory.vendors[vendor].listed
            ),
            findings=findings,
        )
        self._ask_for_renames(taken)
        self._keep(plan)
        return taken

    def _plan(self, item: ListState, *, first: bool) -> ImportPlan:
        zone = self._importer.zone
        day = local_day(item.at, zone)
        try:
            entries = self._importer.read(item.read())
            return self._importer.plan(entries, day, day=day, first=first)
        except Refused as refusal:
            raise Refused([_of(item, finding) for finding in refusal.findings]) from refusal

    def _rehearse(self, intent: PublishOptions) -> int | None:
        """Make the version without signing it; the next one is judged against it."""
        candidate = prepare(self._staging / SOURCE, self._base, intent)
        register, promises = candidate.required()
        if candidate.unchanged:
            return None
        self._base = Baseline(newest=encoded(register), promises=promises)
        return register.version

    def _publish(self, intent: PublishOptions) -> int | None:
        order = PublishRequest(
            source=self._staging / SOURCE,
            store=self._target.store,
            keys=self._target.keys,
            intent=intent,
            base_url=self._target.base_url,
        )
        published = publish_version(order)
        if published.snapshot is None:
            return None
        register, promises = published.prepared.required()
        self._base = Baseline(newest=encoded(register), promises=promises)
        return register.version

    def _subject(self, state: ListState) -> str | None:
        if not self._target.subjects or not state.subject:
            return None
        problem = next(text_problems(state.subject), None)
        if problem:
            message = (
                f"the message {quoted(state.subject)} of {state.mark} {problem.text}; it is not published"
            )
            self._importer.reporter.note("left", message)
        return None if problem else state.subject

    def _keep(self, plan: ImportPlan) -> None:
        self._importer.write_source(plan)
        self._importer.remember(plan)

    def _ask_for_renames(self, taken: ImportedState) -> None:
        if taken.added and taken.ended:
            gone, came = ", ".join(map(quoted, taken.ended)), ", ".join(map(quoted, taken.added))
            message = (
                f"{taken.mark}: {gone} went and {came} came; if one is another renamed, formerly says so"
            )
            self._importer.reporter.note("proposed", message)


def _of(item: ListState, finding: Finding) -> Finding:
    """Return a finding that says of which state it is."""
    return msgspec.structs.replace(finding, message=f"{item.mark}: {finding.message}")
