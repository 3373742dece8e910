"""Three versions, published by the real program, in which every derived field is set.

The last one announces a start, planned changes of a vendor and an engagement, a cancellation and a
withdrawal, while a former, longer notice promise still binds.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Any

from publishers import NAME, NOW, Publisher
from register_api.core.canonical import decode
from register_api.core.model import Register
from toml_source import write_source

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.timedelta(days=1)
TODAY = NOW.astimezone(zoneinfo.ZoneInfo("Europe/Helsinki")).date()
"""Today in the publisher's time zone, which applies to all dates of a register."""
_EVENTS = ["addition", "replacement", "activation", "relocation", "data_changed"]


def registers(folder: Path) -> tuple[Register, ...]:
    """Publish the three versions, and return them, oldest first."""
    publisher = Publisher(folder)
    for number, tables in enumerate((_first, _second, _third)):
        write_source(publisher.source, *tables())
        publisher.publish(NOW - (2 - number) * DAY)
    return tuple(decode(data, Register) for _, data in sorted(publisher.registers().items()))


def _first() -> tuple[dict[str, Any], dict[str, Any]]:
    return _register(45), {
        "acme": _vendor("Acme", _use("hosting")),
        "beta": _vendor("Beta", _use("mail")),
        "oops": _vendor("Oops", _use("nothing")),
    }


def _second() -> tuple[dict[str, Any], dict[str, Any]]:
    register, vendors = _first()
    vendors["delta"] = _vendor("Delta", _use("search", starts_on=TODAY + 60 * DAY))
    return register, vendors


def _third() -> tuple[dict[str, Any], dict[str, Any]]:
    _, vendors = _second()
    vendors["delta"]["engagements"][0]["cancelled"] = {"reason": "Not needed after all"}
    vendors["oops"]["withdrawn"] = {"reason": "Listed by mistake"}
    vendors["acme"]["planned"] = [_plan("move", 70, legal_name="Acme Europe Oy")]
    places = [{"country": "DE"}, {"country": "SE"}]
    vendors["acme"]["engagements"][0]["planned"] = [_plan("sweden", 80, locations=places)]
    vendors["gamma"] = _vendor("Gamma", _use("backup", starts_on=TODAY + 50 * DAY))
    late = _use("logs", starts_on=TODAY + 5 * DAY, short_notice={"reason": "The former vendor has closed"})
    vendors["omega"] = _vendor("Omega", late)
    vendors["beta"]["engagements"][0]["purpose"] = "Sends mail, and receives it"
    return _register(30, applies_to=["addition", "activation"]), vendors


def _register(days: int, **notice: Any) -> dict[str, Any]:
    objection = {"days": 14, "contact": "mailto:privacy@example.com"}
    promise = {"days": days, "applies_to": _EVENTS, "objection": objection, **notice}
    return {
        "url": "https://example.com/",
        "register": NAME,
        "publisher": {"name": "Example", "time_zone": "Europe/Helsinki", "language": "en"},
        "notice": promise,
        "statuses": [{"id": "active", "title": "Active"}],
        "categories": [{"id": "infrastructure", "title": "Infrastructure"}],
    }


def _vendor(name: str, use: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "legal_name": f"{name} Oy", "seat": "FI", "engagements": [use]}


def _use(id_: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "category": "infrastructure",
        "status": "active",
        "purpose": f"Runs {id_}",
        "data_scope": ["customer_content"],
        "locations": [{"country": "DE"}],
        **fields,
    }


def _plan(id_: str, days: int, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "effective_on": TODAY + days * DAY, "set": fields}
