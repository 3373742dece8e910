"""What a rule says about a source: a finding, as data."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, or worth a second look, in the source.

    Attributes:
        rule: Number of the rule, ``R01`` to ``R26`` (docs/rules.md).
        severity: ``error`` stops publishing, ``warning`` does not.
        file: File below the source folder, with ``/``, e.g. ``subprocessors/acme.toml``.
        key: Key path in that file, e.g. ``engagements[0].starts_on``; empty for the whole file.
        message: What is wrong, in one sentence.
        hint: What to do about it, or an empty string.
        line: Line in the file, counted from 1, where it is known.
    """

    rule: str
    severity: Severity
    file: str
    key: str
    message: str
    hint: str = ""
    line: int | None = None
