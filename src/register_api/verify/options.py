"""What a customer asks for."""

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
"""What ends a run with a code of its own although all is genuine."""

History = Literal["all", "new", "none"]
"""Which versions are checked in full: each, those since the last full check, or none."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer asks for.

    Attributes:
        root: File with the trust root to begin from.
        root_sha256: SHA-256 (hex) that ``1.root.json`` must have.
        state: Folder that remembers this register between runs.
        history: Which versions are checked in full; ``new`` without anything remembered means all.
        quick: Look at the newest register alone, and do not fetch again what an earlier run kept.
        witnesses: C2SP verifier keys of witnesses.
        cosignatures: How many of them must have signed the checkpoint; ``policy`` says it in another way.
        stamped_by: Root certificates of time-stamping authorities that are accepted.
        others: Checkpoints that other customers were shown, with a name for each.
        acknowledge: Versions, from first to last, whose being disowned the customer knows about.
        fail_on: What a run ends with although all is genuine: notice that was late or short with 20, a newer
            version than the last run with ``state`` saw with 22.
        fail_on_deadline: So many days or fewer left to object to something end a run with 21.
        wait: Seconds before the second round, when parts of two publications seem to have been met.
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
        """Whether nothing but the newest register is looked at."""
        return self.quick or self.history == "none"

    @property
    def asks_for_witnesses(self) -> bool:
        """Whether cosignatures are asked for."""
        return self.cosignatures > 0 or (self.policy is not None and self.policy.quorum != NONE)
