"""Where things lie in a store folder.

::

    STORE/
      lock                      held by the one publisher at work
      fresh                     a link on its way to its place
      current -> generations/12 the one link whose switch makes a publication visible
      manifest.json -> current/manifest.json
      public/                   the tree that is served; URL path = file path
        v1/register.json        a file; while it changes, a link to ../../current/tree/v1/register.json
      deployed/                 what ``deploy`` has sent to each target
      generations/12/
        tree/                   what this publication changed; what the next one is about to change
        manifest.json           every path of the tree with type, cache class, digest, forms
        state.json              what the publisher needs to go on
        journal.json            what to finish or undo after a crash

Names that change lead through ``current`` for the time of a publication, so one rename shows all
of it at once; see ``store.transaction``.
"""

from __future__ import annotations

from pathlib import Path

CURRENT = "current"
PUBLIC = "public"
GENERATIONS = "generations"
TREE = "tree"
MANIFEST = "manifest.json"
STATE = "state.json"
JOURNAL = "journal.json"
LOCK = "lock"
FRESH = "fresh"
SUFFIXES = {"identity": "", "gzip": ".gz", "br": ".br", "zstd": ".zst"}
"""Content coding (RFC 9110 section 8.4.1) to the ending of the file that holds it."""


def generation_folder(store: Path, number: int) -> Path:
    """Return the folder of a generation."""
    return store / GENERATIONS / str(number)
