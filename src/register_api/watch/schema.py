"""The tables of `watch`, in SQL common to SQLite (STRICT) and PostgreSQL.

Times are whole seconds of Unix time; days are texts such as ``2026-05-10``.
"""

from __future__ import annotations

from register_api.sending.outbox import outbox_tables

_TABLES = (
    # One row per vendor; ``register`` is the address of its tree, empty if it has none.
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
    # The outcome of each vendor's last poll and the time of the next. ``trouble_since``: when verification
    # began to fail; ``alerted_at``: when that was reported; ``etag``, ``seen_sha256``: of the last verified
    # timestamp; ``root_sha256``: of the initial trust root.
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
    # Verified versions and their changes, compressed with zlib. ``seen_at`` is when `watch` first saw the
    # version; versions that were not the newest at a poll have no document.
    """
    CREATE TABLE versions (
        vendor TEXT NOT NULL REFERENCES vendors (id), version INTEGER NOT NULL, sha256 TEXT NOT NULL,
        published_at {instant} NOT NULL, seen_at {instant} NOT NULL, document {bytes},
        changes {bytes} NOT NULL,
        PRIMARY KEY (vendor, version)
    ) {strict}
    """,
    # News, each reported once; a row is added in the transaction that records its cause.
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
    # Decisions on news: rows are only added, and the newest applies.
    """
    CREATE TABLE decisions (
        news TEXT NOT NULL REFERENCES news (id), number INTEGER NOT NULL,
        decision TEXT NOT NULL CHECK (decision IN ('accepted', 'objected', 'not_concerned')),
        reason TEXT NOT NULL, by TEXT NOT NULL, at {instant} NOT NULL,
        PRIMARY KEY (news, number)
    ) {strict}
    """,
    # Reminders sent, by days before the deadline.
    """
    CREATE TABLE reminders (
        news TEXT NOT NULL REFERENCES news (id), days_before INTEGER NOT NULL,
        PRIMARY KEY (news, days_before)
    ) {strict}
    """,
    # The outbox of messages to owners and webhooks; ``told`` lists the news in each, once per recipient.
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
    # Companies and uses in each vendor's newest version; the publisher has an empty sub-processor id.
    # ``keys`` has one key of ``watch.vendor_uses`` per line.
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
    # Decisions whether two entries (``vendor`` or ``vendor/sub-processor``) are the same company.
    """
    CREATE TABLE matches (
        one TEXT NOT NULL, other TEXT NOT NULL, same INTEGER NOT NULL, by TEXT NOT NULL,
        at {instant} NOT NULL,
        PRIMARY KEY (one, other)
    ) {strict}
    """,
)

STEPS: tuple[tuple[str, ...], ...] = (_TABLES,)
"""Migrations: the statements that bring each schema number to the next."""
