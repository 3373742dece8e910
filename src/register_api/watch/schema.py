"""The tables of the watcher, in the SQL that SQLite (STRICT) and PostgreSQL have in common.

Instants are whole seconds of Unix time, days are texts such as ``2026-05-10``.
"""

from __future__ import annotations

from register_api.sending.outbox import outbox_tables

_TABLES = (
    # One row for each vendor; ``register`` is the address of its tree, empty where it has none.
    """
    CREATE TABLE vendors (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, website TEXT NOT NULL, register TEXT NOT NULL,
        page TEXT NOT NULL, root_sha256 TEXT NOT NULL, root_by TEXT NOT NULL, owner TEXT NOT NULL,
        objection_days INTEGER, notice_days INTEGER,
        counting TEXT NOT NULL CHECK (counting IN ('calendar', 'business')),
        counts_from TEXT NOT NULL CHECK (counts_from IN ('announced', 'seen')), products TEXT NOT NULL,
        regions TEXT NOT NULL, settings TEXT NOT NULL, data TEXT NOT NULL, critical INTEGER NOT NULL,
        added_at {instant} NOT NULL, closed_at {instant}
    ) {strict}
    """,
    # How the last look at each vendor ended, and when the next is due. ``trouble_since``: when it verified no
    # longer, ``alerted_at`` when somebody was told of that; ``etag`` and ``seen_sha256`` are of the timestamp
    # that was verified last, ``root_sha256`` of the root that trust in the register began from.
    """
    CREATE TABLE polls (
        vendor TEXT PRIMARY KEY REFERENCES vendors (id), next_at {instant} NOT NULL, looked_at {instant},
        good_at {instant}, outcome TEXT NOT NULL DEFAULT '', outcome_since {instant},
        message TEXT NOT NULL DEFAULT '', failures INTEGER NOT NULL DEFAULT 0, trouble_since {instant},
        alerted_at {instant}, etag TEXT NOT NULL DEFAULT '', seen_sha256 TEXT NOT NULL DEFAULT '',
        fresh_until {instant} NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0,
        name TEXT NOT NULL DEFAULT '', root_sha256 TEXT NOT NULL DEFAULT '', lease_owner TEXT,
        lease_until {instant} NOT NULL DEFAULT 0
    ) {strict}
    """,
    # What was verified, compressed with zlib: the newest version at a look, and what each version changed.
    # ``seen_at`` is when this watcher first saw it; versions that were passed at a look have no document.
    """
    CREATE TABLE versions (
        vendor TEXT NOT NULL REFERENCES vendors (id), version INTEGER NOT NULL, sha256 TEXT NOT NULL,
        published_at {instant} NOT NULL, seen_at {instant} NOT NULL, document {bytes},
        changes {bytes} NOT NULL,
        PRIMARY KEY (vendor, version)
    ) {strict}
    """,
    # What is told, once each: a row comes in the transaction that records what it follows from.
    """
    CREATE TABLE news (
        id TEXT PRIMARY KEY, vendor TEXT NOT NULL REFERENCES vendors (id), key TEXT NOT NULL,
        class TEXT NOT NULL, version INTEGER, change_id TEXT, title TEXT NOT NULL, detail TEXT NOT NULL,
        seen_at {instant} NOT NULL, concerns INTEGER NOT NULL, deadline TEXT,
        deadline_of TEXT CHECK (deadline_of IN ('register', 'contract')), owner TEXT NOT NULL,
        UNIQUE (vendor, key)
    ) {strict}
    """,
    "CREATE INDEX news_seen ON news (seen_at)",
    "CREATE INDEX news_deadline ON news (deadline)",
    # What was decided on a piece of news: rows are added and never changed, the newest counts.
    """
    CREATE TABLE decisions (
        news TEXT NOT NULL REFERENCES news (id), number INTEGER NOT NULL,
        decision TEXT NOT NULL CHECK (decision IN ('accepted', 'objected', 'not_concerned')),
        reason TEXT NOT NULL, by TEXT NOT NULL, at {instant} NOT NULL,
        PRIMARY KEY (news, number)
    ) {strict}
    """,
    # What somebody was reminded of, and how many days before the deadline.
    """
    CREATE TABLE reminders (
        news TEXT NOT NULL REFERENCES news (id), days_before INTEGER NOT NULL,
        PRIMARY KEY (news, days_before)
    ) {strict}
    """,
    # The outbox of messages to owners and webhooks; ``told``: what each tells, once to each recipient.
    *outbox_tables(
        "recipient TEXT NOT NULL, day TEXT NOT NULL,"
        " kind TEXT NOT NULL CHECK (kind IN ('alert', 'digest', 'reminder'))"
    ),
    """
    CREATE TABLE told (
        news TEXT NOT NULL REFERENCES news (id), recipient TEXT NOT NULL, kind TEXT NOT NULL,
        delivery TEXT NOT NULL REFERENCES deliveries (id),
        PRIMARY KEY (news, recipient, kind)
    ) {strict}
    """,
    "CREATE INDEX told_delivery ON told (delivery)",
    # Who uses whom, by each vendor's newest version; whoever publishes it is the sub-processor without an id.
    # ``keys`` are lines of ``watch.vendor_uses``.
    """
    CREATE TABLE companies (
        vendor TEXT NOT NULL REFERENCES vendors (id), subprocessor TEXT NOT NULL, name TEXT NOT NULL,
        keys TEXT NOT NULL,
        PRIMARY KEY (vendor, subprocessor)
    ) {strict}
    """,
    """
    CREATE TABLE uses (
        vendor TEXT NOT NULL REFERENCES vendors (id), subprocessor TEXT NOT NULL, engagement TEXT NOT NULL,
        number INTEGER NOT NULL, holds_from TEXT NOT NULL, holds_until TEXT NOT NULL, country TEXT NOT NULL,
        mechanisms TEXT NOT NULL, purpose TEXT NOT NULL, concerns INTEGER NOT NULL,
        PRIMARY KEY (vendor, subprocessor, engagement, number, holds_from)
    ) {strict}
    """,
    # What people said about two entries, ``vendor`` or ``vendor/sub-processor``: the same company, or not.
    """
    CREATE TABLE matches (
        one TEXT NOT NULL, other TEXT NOT NULL, same INTEGER NOT NULL, by TEXT NOT NULL,
        at {instant} NOT NULL,
        PRIMARY KEY (one, other)
    ) {strict}
    """,
)

STEPS: tuple[tuple[str, ...], ...] = (_TABLES,)
"""What brings a database from each number to the next."""
