"""Loading and checking the edited source, and building the version that it would become."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec

from register_api.core.canonical import Encoded
from register_api.core.format import tree
from register_api.core.instant import local_day
from register_api.core.model import Draft, Reason, ReasonKind, Register
from register_api.core.notice_period import Promises
from register_api.core.proposals import Proposal, propose
from register_api.core.rules import Context, check
from register_api.core.rules.rule_table import SYNTAX
from register_api.core.text import printable
from register_api.core.versioning import make_version, unchanged
from register_api.errors import Finding, Refused, StoreDamaged
from register_api.publish.examine import Examined
from register_api.source.load import load, load_zone
from register_api.store.reader import Snapshot


class PublishOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Why and when a version is published.

    Attributes:
        kind: Kind of the reason; ``None``: initial, correction if ``corrects`` is set, or change.
        at: When this state was published elsewhere, for imported history.
    """

    now: dt.datetime
    kind: ReasonKind | None = None
    text: str | None = None
    corrects: int | None = None
    at: dt.datetime | None = None

    def reason(self, version: int) -> Reason:
        """Return the reason for a version of that number."""
        usual: ReasonKind = "initial" if version == 1 else "correction" if self.corrects else "change"
        return Reason(kind=self.kind or usual, text=self.text)


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What has been published so far, if anything."""

    newest: Encoded[Register] | None = None
    promises: Promises | None = None

    @property
    def register(self) -> Register | None:
        """The newest version; ``None`` before the first."""
        return self.newest.document if self.newest else None

    @property
    def sha256(self) -> str | None:
        """Digest of the newest version's bytes; ``None`` before the first."""
        return self.newest.sha256 if self.newest else None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded and checked source, and the version it would become if it has no errors."""

    base: Baseline
    findings: tuple[Finding, ...]
    register: Register | None = None
    promises: Promises | None = None
    unchanged: bool = False
    draft: Draft | None = None
    context: Context | None = None

    def required(self) -> tuple[Register, Promises]:
        """Return the version and its promises; raise ``Refused`` if there are errors."""
        if self.register is None or self.promises is None:
            raise Refused(self.findings)
        return self.register, self.promises

    def proposals(self) -> tuple[Proposal, ...]:
        """Return suggestions for what may have been meant; none while a value is not valid."""
        unclear = any(item.severity == "error" and item.rule in SYNTAX for item in self.findings)
        if self.draft is None or self.context is None or unclear:
            return ()
        return propose(self.draft, self.context)


def read_base(snapshot: Snapshot | None) -> Baseline:
    """Read the newest version from a store."""
    if snapshot is None:
        return Baseline()
    data = snapshot.read(tree.REGISTER.path())
    try:
        # Canonical bytes as published: their digest has just been checked.
        register = msgspec.json.decode(data, type=Register)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreDamaged(f"the newest register cannot be read: {printable(error)}") from error
    return Baseline(newest=Encoded(register, data), promises=snapshot.state.promises())


def base_of(found: Examined | None) -> Baseline:
    """Return the newest version of an examined store."""
    return Baseline(newest=found.newest, promises=found.promises) if found else Baseline()


def prepare(source: Path, base: Baseline, options: PublishOptions) -> Candidate:
    """Load and check a source, and build the version that it would become."""
    loaded = load(source)
    if loaded.draft is None:
        return Candidate(base=base, findings=loaded.findings)
    draft, zone = loaded.draft, load_zone(loaded.draft.register.publisher.time_zone)
    nothing = Promises(zone=zone, first_live=None, policies=())
    context = Context(
        now=options.now,
        at=options.at,
        zone=zone,
        previous=base.register,
        previous_sha256=base.sha256,
        promises=msgspec.structs.replace(base.promises, zone=zone) if base.promises else nothing,
        reason=options.reason(base.register.version + 1 if base.register else 1),
        corrects=options.corrects,
    )
    findings = (*loaded.findings, *loaded.located(check(draft, context)))
    candidate = Candidate(base=base, findings=findings, draft=draft, context=context)
    if any(finding.severity == "error" for finding in findings):
        return candidate
    register = make_version(draft, context)
    day, live = local_day(register.published_at, context.zone), register.recorded == "live"
    return msgspec.structs.replace(
        candidate,
        register=register,
        promises=context.promises.with_version(register.version, day, register.notice, live=live),
        unchanged=base.register is not None
        and unchanged(register, base.register, dated=draft.register.updated_on is not None),
    )
