"""R14, R15: why and when a version is published."""

from __future__ import annotations

from collections.abc import Iterator

from register_api.core.instant import format_instant
from register_api.core.model import Draft
from register_api.core.rules.context import EPOCH, Context
from register_api.core.rules.promise import promised
from register_api.core.rules.rule_table import REGISTER_FILE, found
from register_api.errors import Finding


def check_reason(draft: Draft, context: Context) -> Iterator[Finding]:
    """R14: a correction names what it corrects; an editorial version changes nothing of weight."""
    kind, corrects = context.reason.kind, context.corrects
    if (kind == "initial") != (context.previous is None):
        message = (
            f"a reason of the kind initial belongs to version 1 alone; this is version {context.version}"
        )
        yield found("R14", REGISTER_FILE, "", message)
    if kind == "correction" and corrects is None:
        yield found("R14", REGISTER_FILE, "", "a correction names the version it puts right", "--corrects N")
    if corrects is not None and kind != "correction":
        yield found("R14", REGISTER_FILE, "", f"a version of the kind {kind} corrects none")
    if corrects is not None and not 1 <= corrects < context.version:
        yield found("R14", REGISTER_FILE, "", f"there is no version {corrects} to correct")
    if kind == "editorial" and not context.is_baseline:
        yield from _check_editorial(draft, context)


def _check_editorial(draft: Draft, context: Context) -> Iterator[Finding]:
    for item in promised(draft, context):
        what = ", ".join(item.said.what)
        message = f"an editorial version does not hold a change that needs notice: {what}"
        yield found("R14", item.file, item.place, message, "publish it with --kind change")


def check_instant(_draft: Draft, context: Context) -> Iterator[Finding]:
    """R15: versions follow each other in time; history comes before the first live version."""
    instant = context.published_at
    if context.previous is not None and instant <= context.previous.published_at:
        published = format_instant(context.previous.published_at)
        message = f"version {context.previous.version} was published at {published}"
        hint = "a version comes later than the one before, by a second at least"
        yield found("R15", REGISTER_FILE, "", message, hint)
    if instant < EPOCH:
        yield found("R15", REGISTER_FILE, "", f"{instant:%Y-%m-%d} lies before {EPOCH:%Y-%m-%d}")
    if instant > context.now:
        yield found("R15", REGISTER_FILE, "", f"{format_instant(instant)} lies in the future")
    if context.at is not None and context.promises.first_live is not None:
        message = f"version {context.promises.first_live} was published live; history cannot follow it"
        yield found("R15", REGISTER_FILE, "", message, "publish without --at")


def check_updated_on(draft: Draft, context: Context) -> Iterator[Finding]:
    """R31: the day of the content does not lie in the future."""
    updated = draft.register.updated_on
    if updated is not None and updated > context.day:
        message = f"updated_on {updated} lies after the day of publication, {context.day}"
        yield found("R31", REGISTER_FILE, "updated_on", message, "leave it out: publishing sets it to today")
