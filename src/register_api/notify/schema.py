"""The tables, in the SQL that SQLite (STRICT) and PostgreSQL have in common.

``{instant}`` and ``{bytes}`` are the two types that they call differently; instants are whole seconds of Unix
time. A later release adds a step to ``STEPS`` and changes none: the database says how many it has.
"""

from __future__ import annotations

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE recipients (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('contact', 'subscriber')),
            channel TEXT NOT NULL CHECK (channel IN ('mail', 'webhook', 'slack', 'teams')),
            address TEXT,
            name TEXT NOT NULL DEFAULT '',
            customer TEXT NOT NULL DEFAULT '',
            products TEXT NOT NULL DEFAULT '',
            language TEXT NOT NULL,
            hears TEXT NOT NULL CHECK (hears IN ('all', 'important')),
            state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'left', 'erased')),
            successor TEXT REFERENCES recipients (id),
            pseudonym_key {bytes},
            created_at {instant} NOT NULL,
            left_at {instant},
            CHECK ((address IS NULL) = (state = 'erased')),
            CHECK ((pseudonym_key IS NULL) = (state = 'erased')),
            UNIQUE (kind, channel, customer, address)
        ) {strict}
        """,
        """
        CREATE TABLE publications (
            version {instant} PRIMARY KEY,
            register TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            log_size {instant} NOT NULL,
            log_root TEXT NOT NULL,
            published_at {instant} NOT NULL,
            recorded_at {instant} NOT NULL,
            told INTEGER NOT NULL,
            document {bytes} NOT NULL,
            changes {bytes} NOT NULL
        ) {strict}
        """,
        """
        CREATE TABLE deliveries (
            id TEXT PRIMARY KEY,
            version {instant} NOT NULL REFERENCES publications (version),
            recipient TEXT NOT NULL REFERENCES recipients (id),
            channel TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('notice', 'digest', 'reminder', 'confirmation')),
            state TEXT NOT NULL CHECK (state IN
                ('due', 'sending', 'sent', 'refused', 'unknown', 'bounced', 'opted_out')),
            state_at {instant} NOT NULL,
            reply TEXT NOT NULL DEFAULT '',
            due_at {instant},
            lease_owner TEXT,
            data_began_at {instant},
            attempts INTEGER NOT NULL DEFAULT 0,
            unknowns INTEGER NOT NULL DEFAULT 0,
            message_id TEXT NOT NULL DEFAULT '',
            body_sha256 TEXT NOT NULL DEFAULT '',
            UNIQUE (version, recipient, channel, kind)
        ) {strict}
        """,
        "CREATE INDEX deliveries_due ON deliveries (due_at, id)",
        "CREATE INDEX deliveries_recipient ON deliveries (recipient)",
        """
        CREATE TABLE bodies (
            delivery TEXT PRIMARY KEY REFERENCES deliveries (id),
            body {bytes} NOT NULL
        ) {strict}
        """,
        """
        CREATE TABLE facts (
            delivery TEXT NOT NULL REFERENCES deliveries (id),
            at {instant} NOT NULL,
            what TEXT NOT NULL,
            reply TEXT NOT NULL
        ) {strict}
        """,
        "CREATE INDEX facts_delivery ON facts (delivery, at)",
        "CREATE TABLE looks (id INTEGER PRIMARY KEY, at {instant} NOT NULL, problem TEXT NOT NULL) {strict}",
    ),
)
"""What brings a database from each number to the next.

``deliveries`` is the outbox. ``due_at`` says when a row needs somebody next: to be sent, sent again, or,
while its state is ``sending``, taken from a worker that has died; it is ``NULL`` once nothing more is to be
done. ``facts`` keeps what happened to a delivery: that it bounced does not replace that it was sent.
"""
