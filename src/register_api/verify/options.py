"""Options of a verification run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from register_api.bounded_http.limits import HttpLimits
from register_api.core.log.policy import NONE, WitnessPolicy
from register_api.verify.fetcher import RUN_LIMITS
from register_api.verify.state import VersionRange

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

FailOn = Literal["change", "late", "short"]
"""Conditions that end a run with an exit code of their own although no check failed."""

History = Literal["all", "new", "none"]
"""Which versions are checked in full: all, those since the last full check, or none."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a verification run.

    Attributes:
        root: File with the trust root to start from.
        root_sha256: SHA-256 (hex) that ``1.root.json`` must have.
        state: Folder with the state of this register between runs.
        history: Which versions are checked in full; without a saved state, ``new`` means all.
        quick: Check the newest register alone, and do not fetch again what the state contains.
        witnesses: C2SP verifier keys of witnesses.
        cosignatures: How many of them must have signed the checkpoint; an alternative to ``policy``.
        stamped_by: Root certificates of accepted time-stamping authorities.
        others: Checkpoints seen by other customers, each with a name.
        acknowledge: Ranges (first, last) of disowned versions that the customer has acknowledged.
        fail_on: Conditions that end a run without findings: late or short notice with exit code 20, a version
            newer than the one in ``state`` with 22.
        fail_on_deadline: Exit with 21 if this many days or fewer remain to object to something.
        wait: Seconds before a retry, if the files seem to be from two publications.
    """

    root: Path | None = None
    root_sha256: str | None = None
    state: Path | None = None
    history: History = "new"
    quick: bool = False
    witnesses: tuple[str, ...] = ()
    cosignatures: int = 0
    policy: WitnessPolicy | None = None
    stamped_by: tuple[Certificate, ...] = ()
    others: tuple[tuple[str, bytes], ...] = ()
    acknowledge: tuple[VersionRange, ...] = ()
    fail_on: tuple[FailOn, ...] = ()
    fail_on_deadline: int | None = None
    limits: HttpLimits = RUN_LIMITS
    wait: float = 2.0

    @property
    def newest_alone(self) -> bool:
        """Whether only the newest register is checked."""
        return self.quick or self.history == "none"

    @property
    def asks_for_witnesses(self) -> bool:
        """Whether cosignatures are required."""
        return self.cosignatures > 0 or (self.policy is not None and self.policy.quorum != NONE)
