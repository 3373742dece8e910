"""A register of sub-processors that machines poll, people read and anyone can check.

The folders show how data flows and who may sign:

* ``errors``: every exception, its exit code and its hint.
* ``core``: the pure heart (model, rules, timeline, diff, bytes, log, signatures to check).
* ``files``: durable writes, for every room that writes.
* ``bounded_http``: the HTTP client of every room that asks a stranger's server.
* ``clock``: the one place where the clock is read, and time zones.
* ``source``: reads the publisher's TOML.
* ``store``: the folder that holds what was published.
* ``publish``: the only role that holds the register's private keys.
* ``deploy``: brings the published tree to a folder or a bucket; holds no key.
* ``serve``: hands out finished replies; holds no private key.
* ``verify``: the customer's half; knows ``core`` and nothing of the publisher.
* ``importer``: lists and histories that exist elsewhere, made into a source.
* ``doctor``: what may be wrong here and where it is public, with what to do.
* ``preview``: what publishing now would show, served to the publisher alone.
* ``witness``: cosigns other logs, with a key of its own.
* ``sending``: outbox, database and mail server of whoever sends.
* ``notify``: tells people of each version, and records that; reads the public tree alone.
* ``watch``: many registers for a customer: what is new, by when to act, what was decided.
* ``hosting``: configuration for nginx, Caddy and static hosts; tests whether a host serves correctly.
* ``style``: the style sheet of all pages.
* ``web``: what pages with forms need: headers, limits, a thread for the database.
* ``cli``: one module a command, named after it.
"""

__version__ = "0.1.0"
