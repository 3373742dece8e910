"""A disk as quick as memory, for tests of many publications in which processes die but the power stays."""

from __future__ import annotations

import contextlib
import gzip
import os
from typing import TYPE_CHECKING

import pytest

from register_api.store import plan

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def quick_disk() -> Iterator[None]:
    """Leave fsync out, and compress lightly: both cost far more than all else that publishing does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        patch.setattr(plan, "compressed_forms", light_forms)
        yield


def light_forms(data: bytes) -> dict[str, bytes]:
    """Return a compressed form by each coding; all hold the same bytes."""
    form = gzip.compress(data, 1, mtime=0)
    return {"gzip": form, "br": form, "zstd": form} if len(form) < len(data) else {}
