"""SalesSynq's register says what SalesSynq's page of 10 May 2026 says: no fact less, none more."""

from __future__ import annotations

import datetime as dt
import unicodedata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from register_api.core.countries import without_mechanism
from register_api.core.model import Draft, EngagementSource, SubprocessorSource
from register_api.source.load import load

FOLDER = Path(__file__).parents[2] / "register"

LOADED = load(FOLDER)

NAMES = {
    # name and legal entity
    "hetzner": ("Hetzner Online GmbH", "Hetzner Online GmbH"),
    "lets-encrypt": ("Let's Encrypt", "Internet Security Research Group"),
    "openai": ("OpenAI, L.L.C.", "OpenAI, L.L.C."),
    "microsoft": ("Microsoft Ireland Operations Limited", "Microsoft Ireland Operations Limited"),
    "sentry": ("Sentry", "Functional Software, Inc."),
    "stripe": ("Stripe, Inc.", "Stripe, Inc."),
    "google": ("Google Tag Manager / Google Analytics 4", "Google LLC"),
    "anthropic": ("Anthropic, PBC", "Anthropic, PBC"),
    "mistral-ai": ("Mistral AI", None),
    "cohere": ("Cohere Inc.", "Cohere Inc."),
    "openrouter": ("OpenRouter", "TheVintageGarageInc"),
    "deepseek": ("DeepSeek", None),
}

USES = [
    # vendor, engagement, category, status, whose data
    ("hetzner", "hosting", "infrastructure", "active", ("customer_content",)),
    ("lets-encrypt", "certificates", "infrastructure", "active", ()),
    ("openai", "inference", "ai-llm", "active", ("customer_content",)),
    ("microsoft", "azure-openai", "ai-llm", "active", ("customer_content",)),
    ("sentry", "error-tracking", "operations", "active", None),
    ("stripe", "billing", "operations", "active", ("customer_account",)),
    ("stripe", "billing-eea", "operations", "active", ("customer_account",)),
    ("google", "web-analytics", "marketing-analytics", "conditional", ("website_visitor",)),
    ("anthropic", "inference", "alternatives", "available", ("customer_content",)),
    ("mistral-ai", "inference", "alternatives", "available", ("customer_content",)),
    ("cohere", "inference", "alternatives", "available", ("customer_content",)),
    ("openrouter", "inference-proxy", "alternatives", "available", None),
    ("deepseek", "inference", "alternatives", "available", None),
]

LOCATIONS = {
    # country, place, default, what is done there, type of condition
    "hetzner": [
        ("FI", "Helsinki (HEL1)", True, ("store", "process"), None),
        ("DE", "Falkenstein (FSN1)", False, ("store", "process"), "request"),
        ("DE", "Nuremberg (NBG1)", False, ("store", "process"), "request"),
    ],
    "lets-encrypt": [("US", None, False, ("process",), None)],
    "openai": [("US", None, False, ("process",), None)],
    "microsoft": [
        ("SE", "Sweden Central", False, ("process",), None),
        ("FR", "France Central", False, ("process",), None),
    ],
    "sentry": [("US", None, False, ("process",), None)],
    "stripe": [("US", None, False, ("process",), None), ("IE", None, False, ("process",), None)],
    "google": [("US", None, False, ("process",), None)],
    "anthropic": [
        ("US", None, False, ("process",), None),
        ("EU", "AWS Bedrock", False, ("process",), "configuration"),
    ],
    "mistral-ai": [("FR", "Paris", False, ("process",), None)],
    "cohere": [("CA", None, False, ("process",), None), ("US", None, False, ("process",), None)],
    "openrouter": [("US", None, False, ("process",), None)],
    "deepseek": [("CN", None, False, ("process",), None)],
}

CERTIFICATIONS = {
    "hetzner": [
        ("ISO/IEC 27001", "certified", "Hetzner Online GmbH"),
        ("ISAE 3402 Type II", "certified", "Parts of the operation"),
        ("EU Cloud Code of Conduct", "declared", None),
    ],
    "lets-encrypt": None,
    "openai": [
        ("SOC 2 Type 2", "certified", None),
        ("ISO/IEC 27001", "certified", None),
        ("CCPA", "aligned", None),
    ],
    "microsoft": [
        ("SOC 1", "certified", None),
        ("SOC 2", "certified", None),
        ("SOC 3", "certified", None),
        ("ISO/IEC 27001", "certified", None),
        ("ISO/IEC 27017", "certified", None),
        ("ISO/IEC 27018", "certified", None),
        ("HDS", "certified", None),
        ("C5", "certified", None),
        ("EU Data Boundary", "declared", "Commitment"),
    ],
    "sentry": [("SOC 2 Type 2", "certified", None), ("ISO/IEC 27001", "certified", None)],
    "stripe": [
        ("PCI DSS Service Provider Level 1", "certified", None),
        ("SOC 1", "certified", None),
        ("SOC 2", "certified", None),
        ("ISO/IEC 27001", "certified", None),
    ],
    "google": [
        ("ISO/IEC 27001", "certified", None),
        ("ISO/IEC 27017", "certified", None),
        ("ISO/IEC 27018", "certified", None),
        ("SOC 2", "certified", None),
        ("SOC 3", "certified", None),
    ],
    "anthropic": [("SOC 2 Type 2", "certified", None), ("ISO/IEC 27001", "certified", None)],
    "mistral-ai": [("GDPR", "aligned", None), ("EU AI Act", "aligned", None)],
    "cohere": [("SOC 2 Type 2", "certified", None)],
    "openrouter": None,
    "deepseek": None,
}

WORDS = [
    # vendor, field of its engagement, words that have to stand there
    ("hetzner", "purpose", ["block storage", "networks", "PostgreSQL", "Hetzner volumes"]),
    ("hetzner", "data_categories", ["at rest"]),
    ("hetzner", "safeguards", ["encrypts", "at rest"]),
    ("hetzner", "locations", ["EEA", "customer asks"]),
    ("lets-encrypt", "purpose", ["public TLS certificates", "renews"]),
    ("lets-encrypt", "notes", ["no personal data", "public artefacts"]),
    ("openai", "purpose", ["Default", "semantic enrichment", "structured signals"]),
    ("openai", "data_categories", ["Free text", "messages", "CRM activities", "redacted"]),
    ("openai", "safeguards", ["organisation-level", "do not use my data for training"]),
    ("openai", "notes", ["Zero-Data-Retention", "applied for"]),
    ("openai", "locations", ["api.openai.com"]),
    ("microsoft", "purpose", ["Azure OpenAI Service", "pinned to the EU"]),
    ("microsoft", "data_categories", ["redacted prompt", "OpenAI"]),
    ("microsoft", "safeguards", ["Microsoft operates", "no customer data passes to OpenAI"]),
    ("sentry", "purpose", ["errors and exceptions"]),
    ("sentry", "data_categories", ["Stack traces", "requests", "Fingerprints"]),
    ("sentry", "safeguards", ["PII", "Send Default PII", "off"]),
    ("sentry", "notes", ["By design", "customer data"]),
    ("sentry", "locations", ["sentry.io"]),
    ("stripe", "purpose", ["Bills", "subscriptions", "payments"]),
    ("stripe", "data_categories", ["billing contacts", "payments"]),
    ("stripe", "safeguards", ["Card numbers"]),
    ("stripe", "entity", ["Stripe Payments Europe Ltd."]),
    ("stripe", "conditions", ["EEA"]),
    ("openai", "conditions", ["pinned to the EU", "Azure OpenAI Service"]),
    ("google", "purpose", ["aggregate", "marketing site", "salesynq.com"]),
    ("google", "data_categories", ["IP address, truncated", "device and browser", "Page views"]),
    ("google", "notes", ["web visitors", "not customer data"]),
    ("google", "transfers", ["EU-US DPF"]),
    ("anthropic", "purpose", ["semantic enrichment"]),
    ("anthropic", "data_categories", ["redacted prompt"]),
    ("anthropic", "notes", ["AWS Bedrock", "AWS Inc.", "AWS EMEA SARL", "added", "first"]),
    ("anthropic", "locations", ["api.anthropic.com", "Bedrock is enabled"]),
    ("mistral-ai", "purpose", ["native to the EU"]),
    ("mistral-ai", "data_categories", ["redacted prompt"]),
    ("cohere", "purpose", ["embeddings"]),
    ("cohere", "data_categories", ["redacted prompt", "vector search"]),
    ("openrouter", "purpose", ["Proxy", "development"]),
    ("openrouter", "notes", ["upstream model"]),
    ("deepseek", "purpose", ["not enabled for production tenants"]),
    ("deepseek", "notes", ["No production tenant", "customer data"]),
    ("deepseek", "locations", ["PRC"]),
]

NEVER_STATED = {
    # what the page does not say of any vendor
    SubprocessorSource: {
        "seat", "address", "website", "privacy_url", "subprocessors_url", "contact", "identifiers", "parent",
        "formerly", "replaces", "merged_from", "split_from", "withdrawn", "extra",
    },
    EngagementSource: {
        "ict_service", "data_subjects", "special_categories", "retention", "starts_on", "ends_on",
        "short_notice", "extra",
    },
}  # fmt: skip


def draft() -> Draft:
    """Return the register as it is in the repository."""
    assert LOADED.draft is not None, LOADED.findings
    return LOADED.draft


def vendor(id_: str) -> SubprocessorSource:
    """Return one vendor."""
    return next(item for item in draft().subprocessors if item.id == id_)


def texts(value: Any) -> list[str]:
    """Return all texts within a value, the names of labels included."""
    plain = msgspec.to_builtins(value)
    if isinstance(plain, str):
        return [plain]
    if isinstance(plain, dict):
        return texts([*plain, *plain.values()])
    items = plain if isinstance(plain, list | tuple) else ()
    return [text for item in items for text in texts(item)]


def test_register_loads_without_a_finding() -> None:
    """The files are well-formed and nothing lies beside them unread."""
    assert LOADED.findings == ()


def test_publisher_and_date() -> None:
    """Name, site, contact and day are the page's; UTC and English are the register's choice."""
    register = draft().register
    assert register.register == "salesynq.com/sub-processors"
    assert register.updated_on == dt.date(2026, 5, 10)
    publisher = register.publisher
    assert (publisher.name, publisher.website) == ("SalesSynq", "https://salesynq.com")
    assert (publisher.time_zone, publisher.language) == ("UTC", "en")
    assert [(contact.role, contact.email) for contact in publisher.contacts] == [
        ("privacy", "privacy@salesynq.com")
    ]
    assert (publisher.legal_name, publisher.identifiers) == (None, None)
    assert (register.url, register.license, register.lifecycle) == (None, None, None)
    assert "Data Processing Agreement" in register.extra["scope"]


def test_promise_of_notice() -> None:
    """Thirty calendar days, by email and page, for additions, replacements and activations."""
    notice = draft().register.notice
    assert (notice.days, notice.day_count, notice.holidays) == (30, "calendar", ())
    assert notice.applies_to == ("addition", "replacement", "activation")
    assert len(notice.channels) == 2
    assert "email" in notice.channels[0]
    assert "administrative contact" in notice.channels[0]
    assert notice.subscribe == "mailto:privacy@salesynq.com"
    assert notice.objection is None
    assert all(word in (notice.text or "") for word in ("30 days", "only with notice", "added or replaced"))


def test_statuses_and_their_meanings() -> None:
    """Three statuses, each with what the page says that it means."""
    meanings = {status.id: status.description or "" for status in draft().register.statuses}
    assert list(meanings) == ["active", "conditional", "available"]
    assert "production" in meanings["active"]
    assert all(word in meanings["conditional"] for word in ("marketing site", "cookies"))
    assert all(word in meanings["available"] for word in ("alternative", "not engaged", "notice"))


def test_five_categories_in_the_order_of_the_page() -> None:
    """Each category has the page's heading and a description."""
    categories = draft().register.categories
    assert [(category.id, category.title) for category in categories] == [
        ("infrastructure", "Infrastructure"),
        ("ai-llm", "AI / LLM inference"),
        ("operations", "Operational and observability"),
        ("marketing-analytics", "Marketing-site analytics (cookie-consent gated)"),
        ("alternatives", "Available but not enabled by default"),
    ]
    assert all(category.description for category in categories)


@pytest.mark.parametrize(
    ("category", "words"),
    [
        (
            "ai-llm",
            ["email addresses", "phone numbers", "IBANs", "payment cards", "IP addresses", "redacted"],
        ),
        ("ai-llm", ["No model", "trained", "customer data"]),
        ("ai-llm", ["OpenAI `user` field", "opaque", "tenant by tenant"]),
        ("ai-llm", ["in production", "without tenant context", "fails closed"]),
        ("marketing-analytics", ["accepts analytics cookies", "consent banner"]),
        ("marketing-analytics", ["authenticated service"]),
    ],
)
def test_safeguards_of_a_category(category: str, words: list[str]) -> None:
    """One safeguard of the category says all of it."""
    safeguards = next(item.safeguards for item in draft().register.categories if item.id == category)
    assert any(all(word in safeguard for word in words) for safeguard in safeguards)


def test_exclusion_and_related_documents() -> None:
    """Customers' own integrations are named and excluded; four documents stand without an address."""
    register = draft().register
    (exclusion,) = register.exclusions
    assert exclusion.examples == ("HubSpot", "Zoho", "Outlook", "Gmail", "WhatsApp", "Slack", "Telegram")
    assert all(word in exclusion.text for word in ("upstream source", "authorised", "contract"))
    assert [(document.title, document.url) for document in register.related_documents] == [
        ("Data Processing Agreement", None),
        ("Privacy Policy", None),
        ("Security", None),
        ("AI Disclosure", None),
    ]


def test_twelve_vendors_in_the_order_of_the_page() -> None:
    """Names and legal entities are the page's, and so is the order of reading."""
    assert {item.id: (item.name, item.legal_name) for item in draft().subprocessors} == NAMES
    assert [item.id for item in draft().subprocessors] == list(NAMES)
    assert list(draft().register.order) == list(NAMES)


def test_what_each_vendor_is_used_for() -> None:
    """One use each, in the page's categories and under its headings; whose data, where it says so."""
    assert [
        (item.id, use.id, use.category, use.status, use.data_scope)
        for item in draft().subprocessors
        for use in item.engagements
    ] == USES


@pytest.mark.parametrize("id_", LOCATIONS)
def test_locations(id_: str) -> None:
    """Where processing happens, with the default and what other places depend on."""
    assert [
        (
            at.country,
            at.place,
            at.is_default,
            at.activities,
            next((item.type for item in at.conditions), None),
        )
        for use in vendor(id_).engagements
        for at in use.locations or ()
    ] == LOCATIONS[id_]


@pytest.mark.parametrize("id_", CERTIFICATIONS)
def test_certifications(id_: str) -> None:
    """One entry for each certificate, with how far the claim goes."""
    found = vendor(id_).certifications
    said = None if found is None else [(item.name, item.claim, item.covers) for item in found]
    assert said == CERTIFICATIONS[id_]
    assert all(item.valid_until is None and item.url is None for item in found or ())


@pytest.mark.parametrize(("id_", "field", "words"), WORDS)
def test_field_says_what_the_page_says(id_: str, field: str, words: list[str]) -> None:
    """The facts of the page's prose stand in the field where they belong."""
    said = "\n".join(text for use in vendor(id_).engagements for text in texts(getattr(use, field)))
    assert [word for word in words if word not in said] == []


def test_conditions() -> None:
    """Microsoft only where LLM_REGION=eu, OpenAI only where not; Google on consent, Stripe's Irish entity."""
    uses = [(item.id, use) for item in draft().subprocessors for use in item.engagements]
    found = [
        (id_, item.type, item.key, item.value, item.negated) for id_, use in uses for item in use.conditions
    ]
    assert found == [
        ("openai", "region", "LLM_REGION", "eu", True),
        ("microsoft", "region", "LLM_REGION", "eu", False),
        ("stripe", "region", None, None, False),
        ("google", "consent", None, None, False),
    ]
    (consent,) = next(use.conditions for id_, use in uses if id_ == "google")
    assert "analytics cookies" in (consent.text or "")


def test_a_program_can_tell_whom_a_deployment_pinned_to_the_eu_concerns() -> None:
    """A customer whose LLM_REGION is eu has Microsoft and not OpenAI: flags say it, not sentences."""
    concerned = [
        item.id
        for item in draft().subprocessors
        for use in item.engagements
        if use.category == "ai-llm"
        and all((item.value == "eu") is not item.negated for item in use.conditions if item.key)
    ]
    assert concerned == ["microsoft"]


def test_products() -> None:
    """The service and the marketing site are told apart where the page does; else it is not stated."""
    assert [product.id for product in draft().register.products] == ["salesynq", "marketing-site"]
    stated = {
        item.id: use.products.ids
        for item in draft().subprocessors
        for use in item.engagements
        if use.products is not None
    }
    assert stated == {"hetzner": ("salesynq",), "sentry": ("salesynq",), "google": ("marketing-site",)}


def test_only_lets_encrypt_is_said_to_get_no_personal_data() -> None:
    """None is said of it; of whom the page says nothing, nothing is stated."""
    none = [item.id for item in draft().subprocessors for use in item.engagements if use.data_scope == ()]
    assert none == ["lets-encrypt"]
    (use,) = vendor("lets-encrypt").engagements
    assert (use.data_categories, use.transfers) == ((), ())


def test_the_entity_for_customers_in_the_eea() -> None:
    """It belongs to the use that it is engaged for, not into a text beside a place."""
    entities = {
        use.id: use.entity.legal_name
        for item in draft().subprocessors
        for use in item.engagements
        if use.entity
    }
    assert entities == {"billing-eea": "Stripe Payments Europe Ltd."}


def test_every_other_place_outside_the_eea_is_without_a_mechanism() -> None:
    """The page is silent on them, and whoever reads the register is told so."""
    silent = [item.id for item in draft().subprocessors for use in item.engagements if without_mechanism(use)]
    assert silent == ["openai", "sentry", "stripe", "anthropic", "cohere", "openrouter", "deepseek"]


def test_only_stated_transfer_is_that_of_google() -> None:
    """The page names one transfer mechanism; none is invented for the others."""
    assert [
        (item.id, transfer.destination, transfer.mechanism)
        for item in draft().subprocessors
        for use in item.engagements
        for transfer in use.transfers or ()
    ] == [("google", "US", "dpf")]


def test_what_the_page_does_not_say_is_empty() -> None:
    """No seat, address, number, site, retention or day is made up."""
    for item in draft().subprocessors:
        assert item.kind == "third_party"
        for record in (item, *item.engagements):
            for field in NEVER_STATED[type(record)]:
                assert not getattr(record, field), (item.id, field)


def test_texts_obey_the_format() -> None:
    """NFC, no white space at either end, no control characters or HTML (docs/format/bytes.md)."""
    for text in texts(draft()):
        assert text == unicodedata.normalize("NFC", text.strip())
        assert text.isprintable()
        assert "<" not in text
        assert "  " not in text
        assert 0 < len(text) <= 4000
