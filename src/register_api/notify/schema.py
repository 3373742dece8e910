"""The tables of `notify`."""

from __future__ import annotations

from register_api.sending.outbox import outbox_tables

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE recipients (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('contact', 'subscriber')),
            channel TEXT NOT NULL CHECK (channel IN ('mail', 'webhook', 'slack', 'teams')), address TEXT,
            name TEXT NOT NULL DEFAULT '', customer TEXT NOT NULL DEFAULT '',
            products TEXT NOT NULL DEFAULT '', language TEXT NOT NULL,
            hears TEXT NOT NULL CHECK (hears IN ('all', 'important')),
            frequency TEXT NOT NULL DEFAULT 'at_once' CHECK (frequency IN ('at_once', 'daily', 'weekly')),
            reminders INTEGER NOT NULL DEFAULT 1,
            state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'left', 'erased')),
            successor TEXT REFERENCES recipients (id), pseudonym_key {bytes}, created_at {instant} NOT NULL,
            left_at {instant},
            CHECK ((address IS NULL) = (state = 'erased')),
            CHECK ((pseudonym_key IS NULL) = (state = 'erased')),
            UNIQUE (kind, channel, customer, address)
        ) {strict}
        """,
        """
        CREATE TABLE endpoints (
            recipient TEXT PRIMARY KEY REFERENCES recipients (id) ON DELETE CASCADE, owner TEXT NOT NULL,
            secret TEXT NOT NULL, failures INTEGER NOT NULL DEFAULT 0, failing_since {instant},
            warned_at {instant}, ended_at {instant}, reply TEXT NOT NULL DEFAULT ''
        ) {strict}
        """,
        "CREATE INDEX endpoints_owner ON endpoints (owner)",
        """
        CREATE TABLE publications (
            version {instant} PRIMARY KEY, register TEXT NOT NULL, sha256 TEXT NOT NULL,
            log_size {instant} NOT NULL, log_root TEXT NOT NULL, published_at {instant} NOT NULL,
            recorded_at {instant} NOT NULL, told INTEGER NOT NULL, document {bytes} NOT NULL,
            changes {bytes} NOT NULL
        ) {strict}
        """,
        *outbox_tables(
            """
            version {instant} REFERENCES publications (version),
            recipient TEXT NOT NULL REFERENCES recipients (id),
            kind TEXT NOT NULL CHECK (kind IN ('notice', 'digest', 'reminder', 'confirmation', 'warning')),
            UNIQUE (version, recipient, channel, kind)
        """,
            of_facts=", seal TEXT, leaf {instant}, record {bytes}",
        ),
        "CREATE INDEX facts_seal ON facts (seal, at)",
        """
        CREATE TABLE seals (
            root TEXT PRIMARY KEY, sealed_at {instant} NOT NULL, document {bytes} NOT NULL,
            leaves {bytes} NOT NULL, stamp {bytes}
        ) {strict}
        """,
        """
        CREATE TABLE digest_versions (
            delivery TEXT NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
            version {instant} NOT NULL REFERENCES publications (version),
            PRIMARY KEY (delivery, version)
        ) {strict}
        """,
        "CREATE INDEX digest_versions_version ON digest_versions (version)",
        """
        CREATE TABLE links (
            sha256 TEXT PRIMARY KEY, purpose TEXT NOT NULL CHECK (purpose IN ('confirm', 'manage', 'answer')),
            recipient TEXT NOT NULL REFERENCES recipients (id),
            version {instant} REFERENCES publications (version), created_at {instant} NOT NULL,
            expires_at {instant} NOT NULL, used_at {instant}
        ) {strict}
        """,
        "CREATE INDEX links_recipient ON links (recipient)",
        """
        CREATE TABLE answers (
            recipient TEXT NOT NULL REFERENCES recipients (id),
            version {instant} NOT NULL REFERENCES publications (version), number INTEGER NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'objected', 'not_concerned')),
            reason TEXT NOT NULL, way TEXT NOT NULL CHECK (way IN ('link', 'publisher')),
            late INTEGER NOT NULL, at {instant} NOT NULL,
            PRIMARY KEY (recipient, version, number)
        ) {strict}
        """,
        "CREATE TABLE looks (id INTEGER PRIMARY KEY, at {instant} NOT NULL, problem TEXT NOT NULL) {strict}",
    ),
)
"""Migrations: the statements that bring each schema number to the next.

A delivery notifies of ``version``, a digest of all its ``digest_versions`` (``version`` is the first), and a
confirmation of none. A sealed fact has a ``record``, which is the ``leaf`` of a tree in ``seals``.
"""
