"""The verifier, which customers run: fetch a register within limits, check it, save state, report.

``__all__`` is the public interface (docs/python-api.md); everything else may change with any release.
"""

from register_api.verify.engine import verify
from register_api.verify.fetcher import Fetcher, FolderFetcher, MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report import (
    CheckResult,
    LogHead,
    Report,
    StampSeen,
    Trust,
    Update,
    Verified,
    VerifyResult,
)
from register_api.verify.state import RootOrigin

__all__ = [
    "CheckResult",
    "Fetcher",
    "FolderFetcher",
    "LogHead",
    "MemoryFetcher",
    "Options",
    "Report",
    "RootOrigin",
    "StampSeen",
    "Trust",
    "Update",
    "Verified",
    "VerifyResult",
    "verify",
]
