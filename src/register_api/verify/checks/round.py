"""The checks in the order they are made, and what each rests on: of a published register, and of a package.

Each line takes what earlier lines vouched for. Where one of these did not hold, the line is not made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from register_api.core.canonical import Encoded, decode, parse
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.core.instant import format_instant, in_words
from register_api.core.keys.trust_root import open_head
from register_api.errors import Document, Forked, Stale, UntrustedKey, VerificationError
from register_api.verify.checks import (
    ahead,
    backdating,
    disowned,
    feeds,
    head,
    key_history,
    log,
    mirrors,
    time_stamp,
    version_history,
    witnesses,
)
from register_api.verify.checks.mirrors import check_copies
from register_api.verify.checks.recorder import NotApplicable
from register_api.verify.checks.targets import Targets
from register_api.verify.fetcher import NotServed
from register_api.verify.trust.chain import follow
from register_api.verify.trust.start import choose_start

if TYPE_CHECKING:
    from register_api.core.documents import KeyRecord
    from register_api.core.log.time_stamp import TimeStamp
    from register_api.core.model import Register
    from register_api.verify.checks.run import Held, Run
    from register_api.verify.trust.start import Start


@dataclass(frozen=True, kw_only=True)
class Vouched:
    """What a run over any tree vouches for.

    Attributes:
        run: The run, with all that it found.
        start: The root that trust begins from (V01).
        targets: What TUF vouches for (V02).
        keys: The list of keys (V03).
        log: The log (V08).
        stamp: The newest stamped size, and what its stamp says (V28).
        new_keys: Keys that joined the list since an earlier run (V30).
    """

    run: Run
    start: Held[Start]
    targets: Held[Targets]
    keys: Held[Encoded[KeyList]]
    log: Held[log.Log]
    stamp: Held[tuple[int, TimeStamp]]
    new_keys: Held[tuple[KeyRecord, ...]]

    @property
    def newest(self) -> Encoded[Register] | None:
        """The register that the run is about, once it is vouched for."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Round(Vouched):
    """What a run over a published register vouches for.

    Attributes:
        register: The newest register (V04).
    """

    register: Held[Encoded[Register]]

    @property
    def newest(self) -> Encoded[Register] | None:
        """The newest register."""
        return self.register.get()


@dataclass(frozen=True, kw_only=True)
class PackageRound(Vouched):
    """What a run over a package of evidence vouches for.

    Attributes:
        version: The version that it is of.
        found: That version, if its files are those that the log names (V13 to V19).
        times: That what vouches for the keys was good when it was published (E02).
    """

    version: int
    found: Held[version_history.Version | None]
    times: Held[None]

    @property
    def newest(self) -> Encoded[Register] | None:
        """The register of the version, if the log names it and it is signed."""
        found = self.found.get()
        held = all(map(self.run.record.holds, ("V16", "V17", "V19")))
        return Encoded(found.register, found.data) if found and held else None


def check_round(run: Run) -> Round:
    """Make every check of a published register whose ground holds."""
    start = run.vouch("V01", lambda: _begin(run))
    targets = run.vouch("V02", lambda: _follow(run, start.value))
    keys = run.vouch("V03", lambda: head.read_key_list(targets.value))
    register = run.vouch("V04", lambda: head.read_register(run, targets.value, keys.value.document))
    run.check(
        "V05",
        lambda: head.check_register_signatures(run, targets.value, keys.value.document, register.value),
    )
    same = run.check("V06", lambda: head.check_same_register(run.remembered, register.value.document))
    run.check(
        "V07",
        lambda: head.check_clock(
            run.now,
            head.last_instant(run.remembered, register.value.document),
            targets.value.trusted.signed_at,
        ),
    )
    the_log = run.vouch(
        "V08",
        lambda: head.open_log(run, targets.value, keys.value.document, register.value.document.version),
    )
    run.check("V09", lambda: witnesses.check_witnesses(the_log.value, run.options))
    run.check("V10", lambda: log.check_continues(run.remembered, the_log.value), same)
    newest = run.check("V11", lambda: log.check_newest(targets.value, the_log.value, register.value))
    new_keys = run.vouch(
        "V30",
        lambda: key_history.check_key_history(
            run, targets.value, keys.value, the_log.value, the_log.value.size
        ),
        same,
        newest,
    )
    run.check("V12", lambda: log.check_versions(run, the_log.value), whole=True)
    run.check(
        "V13",
        lambda: version_history.check_history(run, targets.value, the_log.value),
        whole=True,
        also=version_history.CHECKS[1:],
    )
    _check_feeds(run, targets, keys, register, the_log)
    run.check("V24", lambda: mirrors.check_key_files(run, keys.value.document), whole=True)
    run.check(
        "V26",
        lambda: mirrors.check_discovery(run, targets.value.trusted, register.value.document.register),
        whole=True,
    )
    run.check("V27", lambda: witnesses.check_others(run, the_log.value))
    stamp = run.vouch(
        "V28",
        lambda: time_stamp.check_time_stamp(run, the_log.value, time_stamp.newest_sizes(the_log.value)),
    )
    run.check("V32", lambda: backdating.check_dates(run, the_log.value, register.value), same, newest)
    run.check(
        "V33",
        lambda: disowned.check_disowned(run, keys.value, the_log.value.size),
        same,
        new_keys,
    )
    run.check("V29", lambda: ahead.check_upcoming(run, register.value), whole=True)
    run.check(
        "V34",
        lambda: mirrors.check_head_files(run, targets.value, keys.value.document, register.value.document),
        whole=True,
    )
    copies = () if run.options.newest_alone else TARGETS_BY_NAME.values()
    run.check(
        "V25",
        lambda: check_copies(
            run, targets.value, keys.value.document, register.value.document.version, copies
        ),
    )
    return Round(
        run=run,
        start=start,
        targets=targets,
        keys=keys,
        register=register,
        log=the_log,
        stamp=stamp,
        new_keys=new_keys,
    )


def _check_feeds(
    run: Run,
    targets: Held[Targets],
    keys: Held[Encoded[KeyList]],
    register: Held[Encoded[Register]],
    the_log: Held[log.Log],
) -> None:
    feed = run.vouch(
        "V20",
        lambda: feeds.check_feed(run, targets.value, keys.value.document, register.value.document.version),
        whole=True,
    )
    run.check(
        "V21",
        lambda: feeds.check_feed_signatures(run, targets.value, the_log.value, feed.value),
        whole=True,
    )
    run.check(
        "V22",
        lambda: feeds.check_feed_entries(run, targets.value, the_log.value, feed.value),
        whole=True,
    )
    run.check("V23", lambda: feeds.check_archive(run, the_log.value), whole=True)


def check_package(run: Run, version: int) -> PackageRound:
    """Make every check of one version, from the files that prove it, whose ground holds.

    Freshness is stated and not judged: whoever needs evidence needs it later.
    """
    start = run.vouch("V01", lambda: _begin(run))
    targets = run.vouch("V02", lambda: _follow_in_package(run, start.value))
    keys = run.vouch("V03", lambda: head.read_key_list(targets.value))
    the_log = run.vouch("V08", lambda: head.open_log(run, targets.value, keys.value.document, None))
    run.check("V09", lambda: witnesses.check_witnesses(the_log.value, run.options))
    found = run.vouch(
        "V13",
        lambda: version_history.check_one(run, targets.value, the_log.value, version),
        also=version_history.CHECKS[1:],
    )
    new_keys = run.vouch(
        "V30",
        lambda: key_history.check_key_history(run, targets.value, keys.value, the_log.value, version),
        found,
    )
    run.check("V24", lambda: mirrors.check_key_files(run, keys.value.document))
    run.check(
        "V25",
        lambda: check_copies(
            run, targets.value, keys.value.document, the_log.value.size, (tree.KEYS, tree.CHECKPOINT)
        ),
    )
    stamp = run.vouch(
        "V28",
        lambda: time_stamp.check_time_stamp(run, the_log.value, (version, the_log.value.size), unasked=True),
    )
    times = run.check("E02", lambda: _check_times(targets.value, found.value))
    return PackageRound(
        run=run,
        start=start,
        targets=targets,
        keys=keys,
        log=the_log,
        stamp=stamp,
        new_keys=new_keys,
        version=version,
        found=found,
        times=times,
    )


def _check_times(targets: Targets, found: version_history.Version | None) -> str:
    """Compare until when the metadata vouched with when the version was published (E02)."""
    if found is None:
        raise NotApplicable("the version's files do not hold")
    published = found.register.published_at
    for role, expires in targets.trusted.expires.items():
        if expires <= published:
            raise Stale(
                f"the {role} metadata had expired on {expires:%Y-%m-%d}, before the version was published"
            )
    until = format_instant(targets.trusted.fresh_until)
    return f"published at {format_instant(published)}, vouched for until {until}"


def _begin(run: Run) -> tuple[Start, str]:
    """Choose the root to begin from (V01)."""
    options = run.options
    start = choose_start(run.fetcher, options.root, options.root_sha256, run.remembered)
    return start, f"version {start.origin.version}, {start.origin.how}"


def _follow(run: Run, start: Start) -> tuple[Targets, str]:
    """Follow the chain of trust to the newest targets (V02)."""
    try:
        trusted = follow(run.fetcher, start, run.now)
    except VerificationError as error:
        known = run.remembered
        if known is not None:
            served = _served_name(run)
            if served not in (None, known.register):
                raise head.another_register(known.register, str(served)) from error
        if isinstance(error, Forked):
            error.documents += _served_checkpoint(run)
        raise
    signed, until = format_instant(trusted.signed_at), format_instant(trusted.fresh_until)
    lasts = in_words(trusted.fresh_for)
    said = f"root version {max(trusted.roots)}, signed at {signed} for {lasts}, fresh until {until}"
    return Targets(run, trusted), said


def _follow_in_package(run: Run, start: Start) -> tuple[Targets, str]:
    """Follow the chain of trust in a package, of which the root that was given has to be one (V02)."""
    version = start.origin.version
    try:
        data = run.get(tree.ROOT.path(version))
    except NotServed:
        data = b""
    if data != start.root:
        raise UntrustedKey(
            f"the root that was given, version {version}, is not in the package's chain",
            hint="give the first root, or its SHA-256, as the contract names it",
        )
    return _follow(run, start)


def _served_name(run: Run) -> str | None:
    """Return the register's name as served, vouched for by nobody: good enough to explain a failure."""
    try:
        name = parse(run.get(tree.REGISTER.path()))["register"]
    except (VerificationError, KeyError, TypeError, IndexError):
        return None
    return name if isinstance(name, str) else None


def _served_checkpoint(run: Run) -> tuple[Document, ...]:
    """Return the checkpoint that is served, if a log key of the remembered list has signed it."""
    known = run.remembered
    if known is None:
        return ()
    try:
        data = run.get(tree.CHECKPOINT.path())
        keys = decode(known.kept[tree.KEYS.target_name], KeyList)
        found = open_head(data, keys)
    except (VerificationError, KeyError):
        return ()
    return (Document.of_checkpoint(found.size, found.root, data),)
