"""What surrounds a change: the legal entity, and what the use is for, where, with which data.

A change of one field is no more than that; who has to judge it needs the rest as well, and what the
publisher does not state has to be seen to be missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from register_api.core.countries import is_outside_eea
from register_api.core.language.change_view import ChangeView
from register_api.core.language.language import message
from register_api.core.language.scene import Scene
from register_api.core.language.values import MECHANISM_NOT_STATED
from register_api.core.model import Engagement, EngagementSource, Subprocessor
from register_api.core.planned_changes import with_change
from register_api.core.third_countries import within_eea, without_mechanism

OUTSIDE_EEA = message("Outside the EEA: {countries}")
WITHIN_EEA = message("All stated processing locations are in the EEA")

_DATA = ("data_scope", "data_categories", "data_subjects")


def circumstances(view: ChangeView, scene: Scene) -> Iterator[str]:
    """Yield sentences about the vendor and the use of a change as they are from the change on."""
    if view.vendor is None:
        return
    use = view.engagement
    yield from _who(view, scene)
    if use is None:
        for purpose in dict.fromkeys(item.purpose for item in view.vendor.engagements if item.purpose):
            yield scene.phrases.fact(Engagement, "purpose", purpose)
        return
    yield from _use(use if view.plan is None else with_change(use, view.plan), scene)


def _who(view: ChangeView, scene: Scene) -> Iterator[str]:
    """Name the legal entity that is engaged: that of the use, else the vendor's own."""
    vendor, use = view.vendor, view.engagement
    if vendor is None:
        return
    if use is not None and use.entity is not None:
        yield scene.phrases.fact(Engagement, "entity", use.entity)
        return
    for name in ("legal_name", "seat"):
        yield scene.phrases.fact(Subprocessor, name, getattr(vendor, name))


def _use(use: EngagementSource, scene: Scene) -> Iterator[str]:
    fact = scene.phrases.fact
    if use.purpose:
        yield fact(Engagement, "purpose", use.purpose)
    yield fact(Engagement, "locations", use.locations)
    yield from _eea(use, scene)
    if use.transfers:
        yield fact(Engagement, "transfers", use.transfers)
    if without_mechanism(use):
        yield scene.text(MECHANISM_NOT_STATED)
    for name in _DATA:
        yield fact(Engagement, name, getattr(use, name))
    if use.special_categories:
        yield fact(Engagement, "special_categories", value=True)
    if scene.has_products:
        yield fact(Engagement, "products", use.products)


def _eea(use: EngagementSource, scene: Scene) -> Iterator[str]:
    """Say which of the places lie outside the EEA (GDPR Chapter V), or that none does."""
    within = within_eea(use.locations)
    if within:
        yield scene.text(WITHIN_EEA)
    elif within is False:
        countries = dict.fromkeys(place.country for place in use.locations or ())
        outside = map(scene.language.country, filter(is_outside_eea, countries))
        yield scene.text(OUTSIDE_EEA, countries=scene.language.list([*outside]))
