"""Registers to export: the sample register, and one whose texts are spreadsheet formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from register_api.core import model
from register_api.core.exports.columns import uses_at_places
from register_api.core.timeline import engagement_states
from sample_register import TODAY, engagement, register

if TYPE_CHECKING:
    import datetime as dt

    from register_api.core.exports.columns import UseAtPlace

ZONE = ZoneInfo("Europe/Berlin")

LINK = '=HYPERLINK("https://evil.example","x")'
RUN = (LINK, "+1+1", "-2+3", "@SUM(1+1)", "'quoted", "\t=1+1", '"=1+1"', "001234", "1e3", "TRUE", "a\nb;c,d")
"""Texts that a spreadsheet would execute or not treat as text."""


def rows(said: model.Register, on: dt.date = TODAY) -> list[UseAtPlace]:
    """Return the rows of a register on a day."""
    return list(uses_at_places(said, engagement_states(said, on), on, ZONE))


def hostile() -> model.Register:
    """Return the register with a vendor for each hostile text, which fills all its fields."""
    return register(subprocessors=tuple(_hostile(number, name) for number, name in enumerate(RUN)))


def _hostile(number: int, text: str) -> model.Subprocessor:
    place = model.Location(country="US", place=text, text=text)
    use = engagement(
        "use", "operations", purpose=text, notes=text, data_categories=(text,), locations=(place,)
    )
    return model.Subprocessor(
        id=f"v-{number}", name=text, legal_name=text, address=text, contact=text, engagements=(use,)
    )


def with_use(said: model.Register, **changed: object) -> model.Register:
    """Return a register with fields of the first vendor's engagement changed."""
    first, *others = said.subprocessors
    use = msgspec.structs.replace(first.engagements[0], **changed)
    return msgspec.structs.replace(
        said, subprocessors=(msgspec.structs.replace(first, engagements=(use,)), *others)
    )
