"""What may be asked of the service: every question with its parameters, as data."""

from __future__ import annotations

from typing import get_args

from register_api.core.model import Engagement, Status
from register_api.core.shapes import shapes
from register_api.core.timeline import State
from register_api.serve.answer.paging import MOST_ITEMS, MOST_ROWS
from register_api.serve.answer.query import LONGEST_VALUE, Parameter

_VERSION = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
SLUG = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64}
"""Form of ids (docs/rules.md, R02)."""

ON = Parameter(
    name="on",
    description="The day that `state` is asked for, in the publisher's time zone; without it, today.",
    form={"type": "string", "format": "date"},
    sample="day",
)
KNOWN_AT = Parameter(
    name="known_at",
    description=(
        "Answer from the newest version that was published by this instant, or by the end of this day "
        "in the publisher's time zone; without it, from the newest."
    ),
    form={
        "anyOf": [
            {"type": "string", "format": "date-time"},
            {"type": "string", "format": "date"},
        ]
    },
    sample="instant",
)
_OFFSET = Parameter(
    name="offset",
    description="How many items to pass over; `next` in an answer names the page that follows.",
    form={"type": "integer", "minimum": 0, "maximum": MOST_ROWS, "default": 0},
)
_LIMIT = Parameter(
    name="limit",
    description="How many items to answer at most.",
    form={"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": MOST_ITEMS},
)

DIFF = (
    Parameter(
        name="from",
        description="Number of the version to start from.",
        required=True,
        form=_VERSION,
        sample="oldest",
    ),
    Parameter(
        name="to",
        description="Number of the version to arrive at, also an older one; without it, the newest.",
        form=_VERSION,
        sample="newest",
    ),
)

_FILTERS = (
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
        description="Id of a category of the newest register, or of the one that is asked about.",
        many=True,
        form=SLUG,
        sample="categories",
    ),
    Parameter(
        name="country",
        description="Where data is processed: ISO 3166-1 alpha-2, or EU, EEA, worldwide, varies.",
        many=True,
        form={"type": "string", "pattern": "^([A-Z]{2}|EEA|worldwide|varies)$"},
        sample="country",
    ),
    Parameter(
        name="data_scope",
        description="Whose data is processed.",
        allowed=tuple(shapes(Engagement)["data_scope"].codes),
        many=True,
    ),
    Parameter(
        name="q",
        description="Text in the names of the vendor or the purpose, in upper or lower case.",
        form={"type": "string", "minLength": 1, "maxLength": LONGEST_VALUE},
        sample="text",
    ),
)
_CLOCKS = (ON, KNOWN_AT)
_PAGES = (_OFFSET, _LIMIT)

SUBPROCESSORS = (*_FILTERS, *_CLOCKS, *_PAGES)

SUBPROCESSOR = _CLOCKS

ANSWERS = (
    Parameter(
        name="subprocessor",
        description="Id of a sub-processor; one that the register does not have gets 404.",
        many=True,
        form=SLUG,
        sample="subprocessor",
    ),
    Parameter(
        name="engagement",
        description="Id of an engagement; one that none of the sub-processors asked about has gets 404.",
        many=True,
        form=SLUG,
        sample="engagement",
    ),
    *SUBPROCESSORS,
)

UPCOMING = (*_CLOCKS, *_PAGES)
