"""Every bound that a reader keeps, but for the bytes of a file, which its kind says (``core.format``)."""

from __future__ import annotations

from register_api.bounded_http.limits import HttpLimits

RUN_LIMITS = HttpLimits(redirects=3)
"""Bounds on one run; the whole history of a thousand versions fits."""

MAX_ROOT_ROTATIONS = 64
"""How many new roots are followed in one run."""

MAX_DAMAGED_VERSIONS = 20
"""After so many versions with findings the walk through history stops: the picture is clear."""
