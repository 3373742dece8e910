"""Which products use an engagement, as a source writes it: ``"all"``, or a list of ids."""

from __future__ import annotations

from typing import Any

from register_api.core.model import ProductScope

ALL = "all"


def read_scope(value: Any) -> Any:
    """Return what a source says as JSON has it on the wire; what it cannot say, as it stands.

    Args:
        value: ``"all"``, a list of ids, or what else stands there.
    """
    if value == ALL:
        return {"all": True, "ids": []}
    return {"all": False, "ids": value} if isinstance(value, list) else value


def written_scope(scope: ProductScope) -> str | list[str]:
    """Return what a source says in place of the struct."""
    return ALL if scope.all else list(scope.ids)
