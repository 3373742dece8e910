"""From a checked source to the version it becomes: number, instants, what announced what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from register_api.core.model import Announced, Engagement, Previous, Register, Subprocessor
from register_api.core.notice import event, strictest

if TYPE_CHECKING:
    import msgspec

    from register_api.core.model import Draft, EngagementSource, SubprocessorSource
    from register_api.core.rules.context import Context

_SET_BY_PUBLISHING = ("version", "published_at", "previous", "recorded", "reason", "corrects")


def make_version(draft: Draft, context: Context) -> Register:
    """Return the version that a source becomes.

    Args:
        draft: A source without errors.
        context: What was published before, when, and why it is published now.
    """
    vendors = (_vendor(vendor, draft, context) for vendor in draft.subprocessors)
    source = {
        name: getattr(draft.register, name) for name in draft.register.__struct_fields__ if name != "order"
    }
    return Register(
        version=context.version,
        published_at=context.published_at,
        previous=_previous(context),
        recorded=context.recorded,
        reason=context.reason,
        corrects=context.corrects,
        subprocessors=tuple(vendors),
        **source,
    )


def unchanged(register: Register, previous: Register) -> bool:
    """Tell whether a version says just what another says, but for what publishing sets (R26)."""
    content = (name for name in register.__struct_fields__ if name not in _SET_BY_PUBLISHING)
    return all(getattr(register, name) == getattr(previous, name) for name in content)


def _previous(context: Context) -> Previous | None:
    if context.previous is None or context.previous_sha256 is None:
        return None
    return Previous(version=context.previous.version, sha256=context.previous_sha256)


def _vendor(vendor: SubprocessorSource, draft: Draft, context: Context) -> Subprocessor:
    engagements = tuple(
        Engagement(**_fields(engagement), announced=_announced(vendor, engagement, draft, context))
        for engagement in vendor.engagements
    )
    return Subprocessor(**_fields(vendor) | {"engagements": engagements})


def _fields(record: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _announced(
    vendor: SubprocessorSource, engagement: EngagementSource, draft: Draft, context: Context
) -> Announced:
    """Return which version first said this: the old one, unless something needs notice anew."""
    before = context.previous_vendor(vendor.id)
    old = next((item for item in before.engagements if item.id == engagement.id), None) if before else None
    if old is not None and not _is_new_announcement(vendor, engagement, draft, context):
        return old.announced
    return Announced(version=context.version, at=context.published_at)


def _is_new_announcement(
    vendor: SubprocessorSource, engagement: EngagementSource, draft: Draft, context: Context
) -> bool:
    before = context.previous_vendor(vendor.id)
    what = event(before, vendor, engagement, day=context.day, reason_kind=context.reason.kind)
    if what is None:
        return False
    if what == "rescheduled" or context.is_baseline:
        return True
    return strictest(what, context.version, context.day, context.promises_with(draft)) is not None
