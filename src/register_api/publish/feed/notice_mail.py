"""Notification emails to customers: the feed entries of versions, and how to verify them.

No text of the publisher and no vendor name can inject a header, a line or markup.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Sequence

import msgspec
from markupsafe import Markup

from register_api.core import strict_base64
from register_api.core.format import tree
from register_api.core.format.paths import address_of
from register_api.core.language.language import one_line
from register_api.core.language.values import Values
from register_api.core.notice_period import binding_objection
from register_api.publish.feed.entry import (
    VersionSummary,
    content,
    full_changes,
    introduction,
    links,
    needs_notice,
    root_of,
    title,
)
from register_api.publish.templating import render

WIDTH = 78
"""Maximum line length of the text, in characters (RFC 5322 section 2.1.1); a URL has its own line."""

_MAX_TITLE, _MAX_NAME = 100, 50
"""Maximum length, in characters, of the change and of the publisher's name in a subject."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """An email, the same for every customer; the HTML has no script or style and loads nothing."""

    subject: str
    text: str
    html: str


def mail(version: VersionSummary, first_root: str | None = None) -> Mail:
    """Write the email of a version, in the language of its sentences.

    ``first_root`` is the SHA-256 (hex) of the first trust root, with which a customer begins to verify.
    """
    return _written([version], _subject(version), None, first_root)


def reminder(version: VersionSummary, first_root: str | None = None) -> Mail:
    """Write a reminder of a version before its objection deadline; arguments as for ``mail``."""
    text = version.language.text
    subject = text("Reminder: {text}", text=_subject(version))
    return _written([version], subject, text("This is a reminder of an earlier notice."), first_root)


def digest(versions: Sequence[VersionSummary], first_root: str | None = None) -> Mail:
    """Write one email about several versions in one language, the nearest objection deadline first."""
    if len(versions) == 1:
        return mail(versions[0], first_root)
    ordered = sorted(versions, key=lambda each: (_deadline(each) or dt.date.max, each.register.version))
    language, numbers = ordered[0].language, [each.register.version for each in versions]
    subject = language.text(
        "{title} | sub-processors of {publisher}, versions {first} to {last}",
        title=_headline(ordered),
        publisher=one_line(versions[-1].register.publisher.name, _MAX_NAME),
        first=min(numbers),
        last=max(numbers),
    )
    lead = language.plural("Digest of {n} version.", "Digest of {n} versions.", len(versions))
    return _written(ordered, subject, lead, first_root)


def _written(
    versions: Sequence[VersionSummary], subject: str, lead: str | None, first_root: str | None
) -> Mail:
    """Write one email about versions; what concerns the whole register comes last."""
    version = versions[0]
    until = _object_until(versions)
    known = f" --root-sha256 {first_root}" if first_root else ""
    command = version.base_url and f"register-api verify {root_of(version.base_url)}{known}"
    html = render(
        "mail.html.j2",
        version.language,
        version.register.publisher.language,
        subject=subject,
        lead=lead,
        until=until,
        contents=[Markup(content(each)) for each in versions],  # noqa: S704 - a template has escaped it
        register_page=version.base_url and root_of(version.base_url) + address_of(tree.INDEX.path()),
        command=command,
    )
    begin = [wrapped(lead)] if lead else []
    parts = (block for each in versions for block in _blocks(each, command, is_last=each is versions[-1]))
    return Mail(subject=subject, text="\n".join((*begin, *parts)), html=html)


def _subject(version: VersionSummary) -> str:
    """Return the subject, which begins with the change, as email clients cut subjects."""
    register, language = version.register, version.language
    subject = language.text(
        "{title} | sub-processors of {publisher}, version {version}",
        title=_headline([version]),
        publisher=one_line(register.publisher.name, _MAX_NAME),
        version=register.version,
    )
    is_correction = register.corrects or register.reason.kind == "correction"
    return language.text("Correction: {text}", text=subject) if is_correction else subject


def _headline(versions: Sequence[VersionSummary]) -> str:
    version, changes = versions[0], [change for each in versions for change in each.diff.changes]
    if not changes[1:] or not version.diff.changes or version.register.version == 1:
        return one_line(title(version), _MAX_TITLE)
    return version.language.plural(
        "{first}, and {n} more change",
        "{first}, and {n} more changes",
        len(changes) - 1,
        first=one_line(version.sentences.title(changes[0]), _MAX_TITLE),
    )


def wrapped(text: str, begin: str = "") -> str:
    """Return a text in lines of at most ``WIDTH`` characters, with a hanging indent."""
    margin = " " * len(begin)
    lines = textwrap.wrap(
        one_line(text),
        WIDTH,
        initial_indent=begin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    found = []
    for line in lines:
        rest = line
        # A word longer than a line is cut, unless it is a URL.
        while len(rest) > WIDTH and "://" not in line:
            found.append(rest[:WIDTH])
            rest = margin + rest[WIDTH:]
        found.append(rest)
    return "".join(f"{line}\n" for line in found)


def _deadline(version: VersionSummary) -> dt.date | None:
    days = [change.notice.objection_until for change in version.diff.changes]
    return min((day for day in days if day is not None), default=None)


def _object_until(versions: Sequence[VersionSummary]) -> str | None:
    language = versions[0].language
    first = min((day for day in map(_deadline, versions) if day is not None), default=None)
    return None if first is None else language.text("Objection deadline: {day}.", day=first)


def _blocks(version: VersionSummary, command: str | None, *, is_last: bool) -> Iterator[str]:
    """Yield the paragraphs about a version; the last version also has links and the command to verify."""
    text = version.language.text
    yield from map(wrapped, introduction(version))
    if until := _object_until([version]):
        yield wrapped(until)
    for number, change in enumerate(full_changes(version), 1):
        facts = "".join(wrapped(line, "   * ") for line in change.lines(version.language))
        yield wrapped(change.head, f"{number}. ") + facts
    if not version.diff.changes:
        yield wrapped(text("No changes to sub-processors."))
    if needs_notice(version):
        if objection := binding_objection(version.register.notice):
            contact = text("Objections go to {contact}.", contact=objection.contact.removeprefix("mailto:"))
            yield wrapped(f"{contact} {objection.instructions or ''}")
        else:
            values = map(Values(version.language).of, version.register.publisher.contacts)
            asked = "; ".join(values)
            asked = f"{text('Contact:')} {asked}." if asked else ""
            yield wrapped(f"{text('No objection period is promised.')} {asked}")
    if version.base_url is not None:
        named = links(version)
        if is_last:
            page = root_of(version.base_url) + address_of(tree.INDEX.path())
            named.append((page, text("Current version")))
        yield "".join(f"{wrapped(f'{what}:')}  {address}\n" for address, what in named)
    if command is not None and is_last:
        yield wrapped(text("To check that the publisher has signed this:")) + f"  {command}\n"
    root_hash = strict_base64.encode(version.root_hash)
    yield wrapped(text("Log size {size}, root hash {hash}", size=version.size, hash=root_hash))
