"""The tables of the outbox, in the SQL that SQLite (STRICT) and PostgreSQL have in common.

``{instant}``, ``{bytes}`` and ``{strict}`` are what they call differently; instants are whole seconds of Unix
time.
"""

from __future__ import annotations


def outbox_tables(about: str, of_facts: str = "") -> tuple[str, ...]:
    """Return the statements that make the tables of an outbox.

    ``deliveries`` is the outbox. ``due_at`` says when a row needs somebody next: to be sent, sent again, or,
    while its state is ``sending``, taken from a worker that has died; it is ``NULL`` once nothing more is to
    be done. ``facts`` keeps what happened to a delivery: that it bounced does not replace that it was sent.

    Args:
        about: Columns that say to whom a delivery goes and of what it tells, and constraints at the end.
        of_facts: Further columns of ``facts``, each with a comma before it.
    """
    return (
        f"""
        CREATE TABLE deliveries (
            id TEXT PRIMARY KEY,
            channel TEXT NOT NULL CHECK (channel IN ('mail', 'webhook', 'slack', 'teams')),
            state TEXT NOT NULL CHECK (state IN
                ('due', 'sending', 'sent', 'refused', 'unknown', 'bounced', 'opted_out')),
            state_at {{instant}} NOT NULL,
            reply TEXT NOT NULL DEFAULT '',
            due_at {{instant}},
            lease_owner TEXT,
            data_began_at {{instant}},
            attempts INTEGER NOT NULL DEFAULT 0,
            unknowns INTEGER NOT NULL DEFAULT 0,
            message_id TEXT NOT NULL DEFAULT '',
            body_sha256 TEXT NOT NULL DEFAULT '',
            {about}
        ) {{strict}}
        """,
        "CREATE INDEX deliveries_due ON deliveries (channel, due_at, id)",
        "CREATE INDEX deliveries_begun ON deliveries (due_at) WHERE data_began_at IS NOT NULL",
        "CREATE INDEX deliveries_recipient ON deliveries (recipient)",
        """
        CREATE TABLE bodies (
            delivery TEXT PRIMARY KEY REFERENCES deliveries (id),
            body {bytes} NOT NULL
        ) {strict}
        """,
        f"""
        CREATE TABLE facts (
            id TEXT PRIMARY KEY,
            delivery TEXT NOT NULL REFERENCES deliveries (id),
            at {{instant}} NOT NULL,
            what TEXT NOT NULL,
            reply TEXT NOT NULL
            {of_facts}
        ) {{strict}}
        """,
        "CREATE INDEX facts_delivery ON facts (delivery, at)",
    )
