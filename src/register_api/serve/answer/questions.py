"""What may be asked of the service: every question with its parameters, as data."""

from __future__ import annotations

from typing import get_args

from register_api.core.model import DataScope, Status
from register_api.core.timeline import State
from register_api.serve.answer.query import Parameter

_DAY = r"^\d{4}-\d{2}-\d{2}$"
_INSTANT_OR_DAY = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2}))?$"
_VERSION = r"^[1-9]\d{0,8}$"

ON = Parameter(
    name="on",
    description="The day that `state` is asked for, in the publisher's time zone; without it, today.",
    pattern=_DAY,
    example="2026-05-10",
)
KNOWN_AT = Parameter(
    name="known_at",
    description=(
        "Answer from the newest version that was published by this instant, or by the end of this day "
        "in the publisher's time zone; without it, from the newest."
    ),
    pattern=_INSTANT_OR_DAY,
    example="2026-05-10T09:00:00Z",
)

DIFF = (
    Parameter(
        name="from",
        description="Number of the version to start from.",
        required=True,
        pattern=_VERSION,
        example="1",
    ),
    Parameter(
        name="to",
        description="Number of the version to arrive at, also an older one; without it, the newest.",
        pattern=_VERSION,
        example="2",
    ),
)

SUBPROCESSORS = (
    Parameter(
        name="status",
        description="What the publisher says of an engagement.",
        allowed=get_args(Status),
        many=True,
    ),
    Parameter(
        name="state",
        description="Where an engagement stands on the day `on`.",
        allowed=get_args(State),
        many=True,
    ),
    Parameter(
        name="category",
        description="Id of a category of the register.",
        many=True,
        example="infrastructure",
    ),
    Parameter(
        name="country",
        description="Where data is processed: ISO 3166-1 alpha-2, or EU, EEA, worldwide, varies.",
        many=True,
        pattern=r"^([A-Z]{2}|EEA|worldwide|varies)$",
        example="FI",
    ),
    Parameter(
        name="data_scope",
        description="Whose data is processed.",
        allowed=get_args(DataScope),
        many=True,
    ),
    Parameter(
        name="q",
        description="Text in the names of the vendor or the purpose, in upper or lower case.",
        example="hosting",
    ),
    ON,
    KNOWN_AT,
)

SUBPROCESSOR = (ON, KNOWN_AT)

UPCOMING = (ON, KNOWN_AT)
