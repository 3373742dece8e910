"""Whether the process answers at all."""

from __future__ import annotations

from typing import Literal

import msgspec


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What ``/healthz`` answers while the process can answer at all."""

    status: Literal["alive"] = "alive"
