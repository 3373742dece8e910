"""Where a tree is brought to: what a place for files has to be able to do, and whether it does."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from register_api.errors import TargetError


class DeployTarget(Protocol):
    """A folder or a bucket; names are paths of the tree, of its compressed forms with their ending.

    Every method raises ``TargetError``, or ``OSError`` for a folder, where the place does not do it.
    """

    name: str
    """What people know it by; holds no secret."""

    takes_forms: bool
    """Whether a web server may find ready compressed forms beside the files."""

    def get(self, name: str) -> bytes | None:
        """Return a file, or ``None`` where there is none."""
        ...

    def create(self, name: str, data: bytes, headers: Mapping[str, str]) -> bool:
        """Write a file that is not there yet, whole or not at all; tell whether it was not there."""
        ...

    def put(self, name: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Write a file in the place of another or of none, whole or not at all."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Prepare for writing, and finish it."""
        ...


def probe(target: DeployTarget) -> None:
    """Make sure that a place keeps the first of two files that are created under one name.

    A publication is locked by a file that only one publisher can create. A store that ignores the condition
    answers the second one like the first. What is written is removed again.

    Raises:
        TargetError: It takes the second file, or does not give the first one back.
        OSError: A folder does not take it.
    """
    name = f"deploy-probe-{secrets.token_hex(8)}"
    with target.writing():
        try:
            taken = [target.create(name, data, {}) for data in (b"first", b"second")]
            kept = target.get(name)
        finally:
            target.remove(name)
    if taken != [True, False] or kept != b"first":
        raise TargetError(
            f"{target.name} writes over a file that is to be created, or does not keep it:"
            " two publishers could not be told apart there",
            hint="use a store that knows conditional writes (If-None-Match: *)",
        )
