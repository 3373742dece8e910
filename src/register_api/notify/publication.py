"""Records new versions of the verified public tree and queues their notices."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import msgspec

from register_api.core.canonical import decode, digest
from register_api.core.changes import Change
from register_api.core.diff.affected import Concern, Interests, changes_by_feed
from register_api.core.format import tree
from register_api.core.format.paths import max_bytes
from register_api.core.model import Register
from register_api.errors import Inconsistent, NotifyError, RegisterError
from register_api.notify.deliveries import queue_notices
from register_api.sending.database import Database, insert
from register_api.verify import Fetcher, Options, Update, Verified, verify

_CHANGES = msgspec.json.Decoder(tuple[Change, ...])


class Publication(NamedTuple):
    """A version with its signed bytes, the log's size and root hash (base64) at the time, and its changes."""

    register: Register
    data: bytes
    log_size: int
    log_root: str
    changes: tuple[Change, ...]

    def concerning(self, products: str, hears: str) -> tuple[Change, ...]:
        """Return the changes that concern a recipient; arguments as the columns of recipients."""
        changes: Sequence[Change] = self.changes
        if hears == "important":
            important = changes_by_feed(self.register, changes, (tree.FEED_IMPORTANT,))
            changes = important.get(tree.FEED_IMPORTANT.path(), [])
        concern = Concern(Interests(products=frozenset(products.split())), self.register)
        return tuple(filter(concern.covers_change, changes))


def newest(database: Database) -> int:
    """Return the newest recorded version, 0 if none."""
    return int(database.query("SELECT coalesce(max(version), 0) AS n FROM publications")[0]["n"])


def load(database: Database, version: int) -> Publication:
    """Return a recorded publication; an unknown version is a ``NotifyError``."""
    rows = database.query("SELECT * FROM publications WHERE version = ?", version)
    if not rows:
        raise NotifyError(f"version {version} is not recorded", hint="register-api notify record")
    row, data = rows[0], zlib.decompress(rows[0]["document"])
    changes = _CHANGES.decode(zlib.decompress(row["changes"]))
    return Publication(decode(data, Register), data, row["log_size"], row["log_root"], changes)


class PublicTree(NamedTuple):
    """The public tree to poll, with verifier state; reminders are sent so many days ahead (0: never)."""

    base: str
    state: Path
    root_sha256: str
    fetcher: Callable[[], AbstractContextManager[Fetcher]]
    reminder_days: int = 7

    def verified(self, fetcher: Fetcher, now: dt.datetime, *, whole: bool = False) -> Verified:
        """Verify the public tree as a customer would."""
        options = Options(
            root_sha256=self.root_sha256 or None, state=self.state, history="all" if whole else "new"
        )
        return verify(self.base, options, now, fetcher=fetcher).raise_for_finding()


def record_new(
    database: Database, public: PublicTree, fetcher: Fetcher, now: dt.datetime, first: int | None = None
) -> list[int]:
    """Verify the public tree, record the new versions, queue their notices and return their numbers.

    On the first run, notices are sent only from version ``first`` on, by default for none. A tree that does
    not verify is an error: nobody is notified of what they could not verify.
    """
    known = newest(database)
    if known and first is not None and first <= known:
        raise NotifyError(f"version {first} is recorded already; the newest is {known}", hint="notify resend")
    verified = public.verified(fetcher, now)
    end = verified.register.version
    wanted = range((known + 1) if known else min(first or end, end), end + 1)
    updates = {update.version: update for update in verified.updates}
    if not updates.keys() >= set(wanted):
        # An earlier run ended before recording what it read (docs/python-api.md, Follow a register).
        verified = public.verified(fetcher, now, whole=True)
        updates = {update.version: update for update in verified.updates}
    notify_from = wanted.start if known else (first or end + 1)
    recorded = []
    for version in wanted:
        found = _publication(updates.get(version), verified, fetcher)
        notify = version >= notify_from and found.register.recorded == "live"
        if _record(database, public, found, now, notify=notify):
            recorded.append(version)
    return recorded


def _publication(update: Update | None, verified: Verified, fetcher: Fetcher) -> Publication:
    """Return a version with its register, checked against the verified digest."""
    if update is None:
        raise NotifyError("the history is too large to be read in one run")
    path = tree.VERSION_REGISTER.path(update.version)
    data = verified.data if update.sha256 == verified.sha256 else fetcher.get(path, max_bytes(path))
    if digest(data) != update.sha256:
        raise Inconsistent("not the file that was verified a moment ago", path=path)
    log = verified.trust.log
    return Publication(decode(data, Register), data, log.size, log.root_hash, update.changes)


def _record(
    database: Database, public: PublicTree, found: Publication, now: dt.datetime, *, notify: bool
) -> bool:
    """Record a version and queue its notices in one transaction; false if another worker already did."""
    register = found.register
    document, changes = zlib.compress(found.data), zlib.compress(msgspec.json.encode(found.changes))
    with database.transaction() as run:
        others = run("SELECT register FROM publications WHERE register <> ? LIMIT 1", register.register)
        if others:
            raise NotifyError(
                f"the database is about {others[0]['register']}, and the tree about {register.register}",
                hint="one database for each register",
            )
        new = run(
            "INSERT INTO publications VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (version) DO NOTHING RETURNING version",
            *(register.version, register.register, digest(found.data), found.log_size, found.log_root),
            *(int(register.published_at.timestamp()), int(now.timestamp()), int(notify), document, changes),
        )
        if new and notify:
            queue_notices(run, register, found.concerning, now, public.reminder_days)
    return bool(new)


def note_check(database: Database, now: dt.datetime, problem: RegisterError | None) -> None:
    """Store the time of the last poll of the tree and its problem, if any."""
    text = "" if problem is None else f"{problem.word}: {problem.message}"
    again = "ON CONFLICT (id) DO UPDATE SET at = excluded.at, problem = excluded.problem"
    with database.transaction() as run:
        insert(run, "looks", {"id": 1, "at": int(now.timestamp()), "problem": text}, again)
