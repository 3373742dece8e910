"""The diff document: changes for people and alerts, and a complete JSON patch."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec

from register_api.core import field_forms
from register_api.core.notice_period import NoticeStatus

ChangeType = Literal[
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
    "cancelled",
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
"""Types of change, the most important first (docs/rules.md, Types of change)."""

WEIGHT: dict[ChangeType, int] = {name: weight for weight, name in enumerate(get_args(ChangeType))}
"""Position of each type in that order."""


ANNOUNCED_BY: frozenset[ChangeType] = frozenset(
    {"added", "replaced", "activated", "entity_changed", "schedule_changed", "relocated", "data_changed"}
)
"""Types of change that appear when an engagement is announced, to which customers may object."""


# Open: a reader accepts any text, and displays the summary of a change of unknown type.
ListedType = Annotated[str, field_forms.one_of(*get_args(ChangeType))]

ChangeKind = Literal["added", "removed", "changed"]

ChangeId = Annotated[str, field_forms.spelled("version, hyphen, number", "^[1-9][0-9]*-[1-9][0-9]*$")]
FieldPath = Annotated[str, field_forms.spelled("names and ids joined with dots", r"^[^.]+(\.[^.]+)*$")]
Sentences = Annotated[str, field_forms.spelled("string", r"\S")]
Operation = Annotated[
    dict[str, Any],
    msgspec.Meta(
        extra_json_schema={
            "properties": {
                "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
                "path": {"type": "string"},
                "from": {"type": "string"},
            },
            "required": ["op", "path"],
        }
    ),
]
"""An operation of RFC 6902 section 4."""


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field, before and after.

    Attributes:
        path: The way to the field, its parts joined with dots, from the engagement that the change
            names, else from the vendor, else from the register; an entry of a list goes by its id:
            ``locations``, ``notice.days``, ``categories.hosting.title``. A field of the vendor in a
            change that names an engagement begins with ``subprocessor``; one of the planned change
            itself with ``planned`` and its id.
        before: The JSON value in the older document; ``None`` if it has no such entry.
        after: The JSON value in the newer document, likewise.
    """

    path: FieldPath
    before: Any
    after: Any


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change that a reader should be notified of.

    Attributes:
        id: ``<newer version>-<number from 1>``, most important first.
        type: Class of the change.
        kind: What happened: a vendor, an engagement or another entry was added or removed, or its fields
            changed.
        subprocessor: Id of the vendor; ``None`` for the register as a whole, and for a change to several
            vendors.
        engagement: Id of the engagement; ``None`` for the vendor as a whole.
        planned: Id of the planned change that causes it, or that was moved or cancelled; or ``None``.
        affects: Ids of all vendors concerned, if ``subprocessor`` alone does not name them.
        fields: The changed fields; for an added or removed entry, each field that is set.
        summary: The change in sentences.
        summary_language: BCP 47 tag of the summary's language.
        notice: Whether the change needs notice, and whether it was given.
    """

    id: ChangeId
    type: ListedType
    kind: ChangeKind
    subprocessor: field_forms.Slug | None
    engagement: field_forms.Slug | None
    planned: field_forms.Slug | None = None
    affects: tuple[field_forms.Slug, ...] = ()
    fields: tuple[FieldChange, ...]
    summary: Sentences = ""
    summary_language: field_forms.LanguageTag = "en"
    notice: NoticeStatus

    def concerns(self, vendor: str) -> bool:
        """Tell whether the change is about a vendor, alone or among others."""
        return vendor == self.subprocessor or vendor in self.affects


class DiffEnd(msgspec.Struct, frozen=True, kw_only=True):
    """One end of a diff.

    Attributes:
        version: Number of the version.
        sha256: SHA-256 of its register's bytes, in hex.
    """

    version: field_forms.VersionNumber
    sha256: field_forms.Sha256


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed between two versions (docs/format/diff.md).

    Attributes:
        register: Name of the register.
        older: The older version; ``None`` when there is none.
        newer: The newer version.
        changes: What changed, for people and alerts, most important first.
        patch: RFC 6902 operations that turn the older document into the newer exactly.
    """

    format: Literal["sub-processor-register-diff/1"] = "sub-processor-register-diff/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    register: field_forms.RegisterName
    older: DiffEnd | None
    newer: DiffEnd
    changes: tuple[Change, ...]
    patch: tuple[Operation, ...]
