"""A made-up register with one of everything that feeds and pages display."""

from __future__ import annotations

import datetime as dt
import hashlib

import msgspec

from register_api.core import model
from register_api.core.canonical import encode
from register_api.core.changes import Change, ChangeType, Diff, DiffEnd, FieldChange
from register_api.core.language.changes import Sentences
from register_api.core.language.language import ENGLISH
from register_api.core.notice_period import NoticePolicy, NoticeStatus, Promises
from register_api.publish.feed.entry import VersionSummary
from register_api.publish.page.version_history import past_version
from register_api.publish.page.view import PageView

TODAY = dt.date(2026, 5, 10)
FIRST = dt.datetime(2026, 1, 5, 8, 0, tzinfo=dt.UTC)
SEVENTH = dt.datetime(2026, 5, 10, 9, 0, tzinfo=dt.UTC)
HOSTILE = """</style><script>alert(1)</script>"><img src=x onerror='alert(1)'> & ]]> \ufffe"""

NOTICE = model.Notice(
    days=30,
    applies_to=("addition", "replacement", "activation"),
    channels=("email to the administrative contact", "this page"),
    objection=model.Objection(days=14, contact="mailto:privacy@example.com"),
    subscribe="mailto:privacy@example.com",
    text="We tell customers of every intended addition or replacement before it happens.",
)


def engagement(id_: str, category: str, **fields: object) -> model.Engagement:
    """Return an engagement, active by default."""
    given: dict[str, object] = {
        "status": "active",
        "purpose": "Compute, block storage and networking for the application",
        "announced": model.Announced(version=1, at=FIRST),
        "data_scope": ("customer_content",),
        "data_categories": ("All customer data at rest",),
        **fields,
    }
    return model.Engagement(id=id_, category=category, **given)  # type: ignore[arg-type]


def _announced(days: int, *, met: bool) -> model.Announced:
    return model.Announced(
        version=7,
        at=SEVENTH,
        required=True,
        promised_days=30,
        days=days,
        day_count="calendar",
        met=met,
        objection_until=dt.date(2026, 5, 24),
    )


def _hoster() -> model.Subprocessor:
    return model.Subprocessor(
        id="nordic-hosting",
        name="Nordic Hosting",
        legal_name="Nordic Hosting Oy",
        seat="FI",
        address="Example Street 1\n00100 Helsinki",
        website="https://nordic.example/",
        identifiers=(model.Identifier(scheme="lei", value="529900T8BM49AURSDO55"),),
        certifications=(
            model.Certification(name="ISO/IEC 27001", claim="certified", valid_until=dt.date(2027, 3, 1)),
            model.Certification(name="EU Cloud Code of Conduct", claim="declared", covers="cloud servers"),
        ),
        engagements=(
            engagement(
                "compute",
                "infrastructure",
                locations=(
                    model.Location(
                        country="FI",
                        place="Helsinki (HEL1)",
                        is_default=True,
                        activities=("store", "process"),
                    ),
                    model.Location(
                        country="DE",
                        place="Falkenstein",
                        conditions=(model.Condition(type="request", text="on request of the customer"),),
                    ),
                ),
                retention="Until the customer's contract ends, then 30 days",
                safeguards=("Volumes are encrypted at rest",),
            ),
        ),
    )


def _acme() -> model.Subprocessor:
    return model.Subprocessor(
        id="acme",
        name="Acme Inc.",
        legal_name="Acme Incorporated",
        seat="US",
        engagements=(
            engagement(
                "inference",
                "ai-llm",
                purpose="Turns free text into structured signals; what identifies people is redacted before",
                locations=(model.Location(country="US", text="via api.acme.example"),),
                transfers=(model.Transfer(destination="US", mechanism="scc", reference="module 3"),),
                announced=_announced(31, met=True),
                starts_on=dt.date(2026, 6, 10),
            ),
        ),
    )


def _hasty() -> model.Subprocessor:
    return model.Subprocessor(
        id="hasty-mail",
        name="Hasty Mail",
        engagements=(
            engagement(
                "delivery",
                "operations",
                purpose="Sends messages to users",
                announced=_announced(7, met=False),
                starts_on=dt.date(2026, 5, 17),
                short_notice=model.ShortNotice(reason="The former service shuts down on 16 May"),
                locations=(model.Location(country="EEA"),),
            ),
        ),
    )


def _others() -> tuple[model.Subprocessor, ...]:
    consent = model.Condition(type="consent", text="after the visitor accepted analytics cookies")
    return (
        model.Subprocessor(
            id="counter",
            name="Counter Analytics",
            kind="affiliate",
            engagements=(
                engagement(
                    "web", "operations", status="conditional", conditions=(consent,), purpose="Counts visits"
                ),
            ),
        ),
        model.Subprocessor(
            id="old-mail",
            name="Old Mail",
            engagements=(
                engagement("delivery", "operations", purpose="Sends messages", ends_on=dt.date(2026, 5, 17)),
                engagement("archive", "operations", purpose="Kept messages", ends_on=dt.date(2026, 2, 1)),
            ),
        ),
        model.Subprocessor(
            id="other-llm",
            name="Other LLM",
            engagements=(engagement("inference", "ai-llm", status="available", purpose="Alternative"),),
        ),
        model.Subprocessor(
            id="mistaken",
            name="Mistaken Ltd",
            withdrawn=model.Withdrawn(
                reason="It was never used", announced=model.Announced(version=1, at=FIRST)
            ),
            engagements=(engagement("none", "operations"),),
        ),
    )


def register(version: int = 7, **changed: object) -> model.Register:
    """Return a version of the register; later versions are a day apart."""
    fields: dict[str, object] = {
        "register": "example.com/sub-processors",
        "version": version,
        "published_at": SEVENTH + dt.timedelta(days=version - 7),
        "previous": model.Previous(version=version - 1, sha256="0" * 64) if version > 1 else None,
        "recorded": "live",
        "updated_on": TODAY,
        "reason": model.Reason(kind="change" if version > 1 else "initial"),
        "publisher": model.Publisher(
            name="Example",
            legal_name="Example GmbH",
            time_zone="Europe/Berlin",
            language="en",
            website="https://example.com/",
            contacts=(model.Contact(role="privacy", email="privacy@example.com"),),
        ),
        "notice": NOTICE,
        "statuses": (
            model.StatusText(id="active", title="Active", description="In production use today."),
            model.StatusText(id="conditional", title="Conditional", description="Only after consent."),
            model.StatusText(id="available", title="Available", description="Integrated, but not engaged."),
        ),
        "categories": (
            model.Category(id="infrastructure", title="Infrastructure", description="Hosting and storage."),
            model.Category(id="ai-llm", title="AI inference", safeguards=("Never used to train a model",)),
            model.Category(id="operations", title="Operations"),
        ),
        "subprocessors": (_hoster(), _acme(), _hasty(), *_others()),
        "exclusions": (
            model.Exclusion(title="Your integrations", text="You connect them.", examples=("CRM", "mail")),
        ),
        "related_documents": (
            model.RelatedDocument(title="Data Processing Agreement", url="https://example.com/dpa"),
            model.RelatedDocument(title="Security"),
        ),
        **changed,
    }
    return model.Register(**fields)  # type: ignore[arg-type]


def change(number: int, type_: ChangeType, summary: str, **fields: object) -> Change:
    """Return a change of version 7, by default one that requires no notice."""
    given: dict[str, object] = {
        "subprocessor": None,
        "engagement": None,
        "kind": "changed",
        "fields": (),
        "notice": NoticeStatus(required=False),
        **fields,
    }
    return Change(id=f"7-{number}", type=type_, summary=summary, **given)  # type: ignore[arg-type]


def _came(number: int, vendor: model.Subprocessor, notice: NoticeStatus) -> Change:
    """Return the change that added a vendor with one engagement, with its published summary."""
    (use,) = vendor.engagements
    came = change(
        number,
        "added",
        "",
        kind="added",
        subprocessor=vendor.id,
        engagement=use.id,
        fields=(
            FieldChange(path="subprocessor.name", before=None, after=vendor.name),
            FieldChange(path="purpose", before=None, after=use.purpose),
        ),
        notice=notice,
    )
    made = Sentences(ENGLISH, register(7), TODAY).summary(came)
    return msgspec.structs.replace(came, summary=made)


def _notice(effective_on: dt.date, days: int, *, met: bool) -> NoticeStatus:
    return NoticeStatus(
        required=True,
        announced_on=TODAY,
        effective_on=effective_on,
        days=days,
        day_count="calendar",
        promised_days=30,
        met=met,
        objection_until=dt.date(2026, 5, 24),
    )


CHANGES = (
    _came(1, _acme(), _notice(dt.date(2026, 6, 10), 31, met=True)),
    _came(2, _hasty(), _notice(dt.date(2026, 5, 17), 7, met=False)),
    change(
        3,
        "details_changed",
        "The website of Nordic Hosting changed.",
        subprocessor="nordic-hosting",
        fields=(FieldChange(path="website", before="https://old.example/", after="https://nordic.example/"),),
    ),
)


def summary(version: int = 7, changes: tuple[Change, ...] = CHANGES, **changed: object) -> VersionSummary:
    """Return the data of a version for a feed entry."""
    end = DiffEnd(version=version, sha256="1" * 64)
    start = DiffEnd(version=version - 1, sha256="0" * 64) if version > 1 else None
    diff = Diff(register="example.com/sub-processors", older=start, newer=end, changes=changes, patch=())
    root = hashlib.sha256(str(version).encode()).digest()
    made = register(version, **changed)
    return VersionSummary(
        register=made,
        diff=diff,
        size=version,
        root_hash=root,
        sentences=Sentences.between(None, made, dt.UTC),
    )


def view(**changed: object) -> PageView:
    """Return the data for the pages of version 7."""
    newest = summary(**changed)
    policy = NoticePolicy(version=1, day=FIRST.date(), notice=NOTICE)
    return PageView(
        register=newest.register,
        history=(past_version(7, SEVENTH, encode(newest.diff), dt.UTC),),
        promises=Promises(zone=dt.UTC, first_live=1, policies=(policy,)),
        language=newest.language,
        today=TODAY,
        sha256="5" * 64,
        root_hash=newest.root_hash,
    )
