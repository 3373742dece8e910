"""The history of a vendor has each change that affects it, whoever else the change is about."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from examples import FIRST, make_engagement, make_promises, make_register, make_vendor
from register_api.core.canonical import encode, encoded
from register_api.core.diff.document import diff_document
from register_api.serve.answer.compute import history

if TYPE_CHECKING:
    from register_api.core.model import Register

NAMES = ("acme", "beta", "gamma")
FILLED = (make_engagement(retention="30 days"),)
NEW = make_engagement(starts_on=dt.date(2026, 4, 1))


class Versions:
    """Registers one after the other, with the diff that leads to each."""

    def __init__(self, *registers: Register) -> None:
        self.snapshot = self
        self.published = [register.published_at for register in registers]
        self._registers = registers

    def read(self, path: str) -> bytes:
        """Return the diff of a version as it is stored."""
        version = int(path.split("/")[2])
        older = encoded(self._registers[version - 2]) if version > 1 else None
        return encode(diff_document(older, encoded(self._registers[version - 1]), make_promises()))


def test_a_column_and_a_replacement_belong_to_every_vendor_that_they_affect() -> None:
    """As does what it is listed with; what is about others alone does not."""
    filled = [make_vendor(name, engagements=FILLED) for name in NAMES]
    listed = [
        [make_vendor(name) for name in NAMES],
        filled,
        [*filled, make_vendor("delta", replaces=("beta",), engagements=(NEW,))],
    ]
    versions = Versions(
        *(
            make_register(*vendors, version=number, published_at=FIRST + dt.timedelta(days=number))
            for number, vendors in enumerate(listed, start=1)
        )
    )
    told = {}
    for name in (*NAMES, "delta"):
        steps, oldest = history(versions, 3, name)  # type: ignore[arg-type]
        told[name] = [(step.version, [change.type for change in step.changes]) for step in steps]
        assert oldest == 1
    first, column, replaced = (1, ["added"]), (2, ["data_changed"]), (3, ["replaced"])
    assert told == {
        "acme": [column, first],
        "beta": [replaced, column, first],
        "gamma": [column, first],
        "delta": [replaced],
    }
