"""The diff document: changes for people and alerts, and a complete patch for machines."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec

from register_api.core.forms import one_of
from register_api.core.minor import FORMAT_MINOR, FormatMinor
from register_api.core.notice import NoticeStatus

ChangeClass = Literal[
    "added",
    "activated",
    "replaced",
    "entity_changed",
    "relocated",
    "data_changed",
    "transfer_changed",
    "purpose_changed",
    "condition_changed",
    "schedule_changed",
    "deactivated",
    "ended",
    "withdrawn",
    "renamed",
    "safeguards_changed",
    "certifications_changed",
    "policy_changed",
    "category_changed",
    "details_changed",
    "corrected",
    "editorial",
    "reordered",
]
"""Classes of change, in the order people care (docs/rules.md, Classes of change)."""


# Open: a reader takes any text there, and shows the summary of a change that it does not know.
ListedClass = Annotated[str, one_of(*get_args(ChangeClass))]


class Change(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """One thing that a person would want to be told.

    Attributes:
        id: ``<newer version>-<number from 1>``, in order of weight.
        class_: Class of the change; ``class`` on the wire.
        subprocessor: Id of the vendor; ``None`` for the register as a whole.
        engagement: Id of the engagement; ``None`` for the vendor as a whole.
        field: Name of the field if exactly one changed, else ``None``. Fields that belong to no one
            vendor go by the way to them: ``notice.days``, ``categories.hosting.title``; a column that
            was added to every entry by its list: ``engagements.retention``.
        fields: Names of all fields that changed; empty when a vendor or an engagement came or went.
        before: Older value: of the one field, of several as an object by name, or of the entry that
            went (a vendor with the one engagement spoken of, or an engagement).
        after: Newer value, likewise; of a column an object by id (``acme`` or ``acme/inference``).
        summary: The change in sentences (``core.language``).
        summary_language: BCP 47 tag of the summary's language.
        notice: What the notice promise says about it.
    """

    id: str
    class_: ListedClass
    subprocessor: str | None
    engagement: str | None
    field: str | None
    fields: tuple[str, ...] = ()
    before: Any = None
    after: Any = None
    summary: str = ""
    summary_language: str = "en"
    notice: NoticeStatus


class DiffEnd(msgspec.Struct, frozen=True, kw_only=True):
    """One end of a diff: a version and the SHA-256 (hex) of its bytes."""

    version: int
    sha256: str


class Diff(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """What changed between two versions (docs/format.md, The diff).

    Attributes:
        from_: The older version; ``None`` when there is none; ``from`` on the wire.
        patch: RFC 6902 operations that turn the older document into the newer exactly.
    """

    format: Literal["sub-processor-register-diff/1"] = "sub-processor-register-diff/1"
    format_minor: FormatMinor = FORMAT_MINOR
    register: str
    from_: DiffEnd | None
    to: DiffEnd
    changes: tuple[Change, ...]
    patch: tuple[dict[str, Any], ...]
