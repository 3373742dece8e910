"""Where things lie in a store folder.

::

    STORE/
      lock                      held by the one publisher at work
      current -> generations/12 the one link whose switch makes a publication visible
      manifest.json -> current/manifest.json
      public/                   the tree that is served; URL path = file path
        v1/register.json        -> ../../current/tree/v1/register.json     (head files: links)
        v1/versions/7/…         real files once settled
      generations/12/
        tree/                   head files, and the settled files that arrived with this publication
        manifest.json           every path of the tree with type, cache class, digest, forms
        state.json              what the publisher needs to go on
        journal.json            what to finish or undo after a crash

Head files and new files lead through ``current``, so one rename shows them all at once.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CURRENT = "current"
PUBLIC = "public"
GENERATIONS = "generations"
TREE = "tree"
MANIFEST = "manifest.json"
STATE = "state.json"
JOURNAL = "journal.json"
LOCK = "lock"

SUFFIXES = {"identity": "", "gzip": ".gz", "br": ".br", "zstd": ".zst"}
"""Content coding (RFC 9110 section 8.4.1) to the ending of the file that holds it."""


def generation_folder(store: Path, number: int) -> Path:
    """Return the folder of a generation."""
    return store / GENERATIONS / str(number)


def current_generation(store: Path) -> int | None:
    """Return the number of the visible generation, or ``None`` before the first publication.

    Raises:
        OSError: The link cannot be read for another reason than its absence.
        ValueError: The link leads elsewhere.
    """
    try:
        return int((store / CURRENT).readlink().name)
    except FileNotFoundError:
        return None


def link_through_current(path: str) -> str:
    """Return the relative target by which a link at ``public/<path>`` leads through ``current``."""
    up = "../" * (len(PurePosixPath(path).parts))
    return f"{up}{CURRENT}/{TREE}/{path}"
