"""Files that say which witnesses must have seen a log (C2SP tlog-policy)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.log.policy_file import MAX_POLICY_BYTES, parse_policy
from register_api.errors import Malformed, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.core.log.policy import Policy


def read_policy(path: Path) -> Policy:
    """Read a policy file.

    Raises:
        UsageError: It cannot be read, or is no such file.
    """
    try:
        with path.open("rb") as file:
            # One byte more than is allowed, so that what is too large is seen to be.
            return parse_policy(file.read(MAX_POLICY_BYTES + 1))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except Malformed as error:
        raise UsageError(f"{path}: {error.message}", hint="docs/format.md, Witnesses, shows one") from error
