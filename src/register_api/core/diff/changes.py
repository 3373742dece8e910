"""The diff document: changes for people and alerts, and a complete patch for machines."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec

from register_api.core.forms import (
    LanguageTag,
    RegisterName,
    Sha256,
    Slug,
    VersionNumber,
    one_of,
    spelled,
)
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
"""Classes of change, in the order people care (docs/rules.md, Classes of change)."""


# Open: a reader takes any text there, and shows the summary of a change that it does not know.
ListedClass = Annotated[str, one_of(*get_args(ChangeClass))]

ChangeId = Annotated[str, spelled("version, hyphen, number", "^[1-9][0-9]*-[1-9][0-9]*$")]
Sentences = Annotated[str, spelled("string", r"\S")]
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


class Change(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """One thing that a person would want to be told.

    Attributes:
        id: ``<newer version>-<number from 1>``, in order of weight.
        class_: Class of the change; ``class`` on the wire.
        subprocessor: Id of the vendor; ``None`` for the register as a whole.
        engagement: Id of the engagement; ``None`` for the vendor as a whole.
        planned: Id of the planned change that brings it, or that was moved or cancelled; or ``None``.
        field: Name of the field if exactly one changed, else ``None``. Fields that belong to no one
            vendor go by the way to them: ``notice.days``, ``categories.hosting.title``; a column that
            was added to every entry by its list: ``engagements.retention``.
        fields: Names of all fields that changed; empty when a vendor or an engagement came or went.
        before: Older value: of the one field, of several as an object by name, or of the entry that
            went (a vendor with the one engagement spoken of, or an engagement).
        after: Newer value, likewise; of a column an object by id (``acme`` or ``acme/inference``).
        summary: The change in sentences.
        summary_language: BCP 47 tag of the summary's language.
        notice: What the notice promise says about it.
    """

    id: ChangeId
    class_: ListedClass
    subprocessor: Slug | None
    engagement: Slug | None
    planned: Slug | None = None
    field: str | None
    fields: tuple[str, ...] = ()
    before: Any = None
    after: Any = None
    summary: Sentences = ""
    summary_language: LanguageTag = "en"
    notice: NoticeStatus


class DiffEnd(msgspec.Struct, frozen=True, kw_only=True):
    """One end of a diff.

    Attributes:
        version: Number of the version.
        sha256: SHA-256 of its register's bytes, in hex.
    """

    version: VersionNumber
    sha256: Sha256


class Diff(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """What changed between two versions (docs/format.md, The diff).

    Attributes:
        register: Name of the register.
        from_: The older version; ``None`` when there is none; ``from`` on the wire.
        to: The newer version.
        changes: What changed, for people and alerts, ordered by what matters most.
        patch: RFC 6902 operations that turn the older document into the newer exactly.
    """

    format: Literal["sub-processor-register-diff/1"] = "sub-processor-register-diff/1"
    format_minor: FormatMinor = FORMAT_MINOR
    register: RegisterName
    from_: DiffEnd | None
    to: DiffEnd
    changes: tuple[Change, ...]
    patch: tuple[Operation, ...]
