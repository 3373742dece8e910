"""Words for the codes of the format: one vocabulary a field, each code as it reads inside a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

VOCABULARIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "activity": {"store": "storage", "process": "processing", "access": "remote access"},
        "change": {
            "added": "added", "activated": "activated", "replaced": "replacement",
            "entity_changed": "legal entity changed", "relocated": "processing location changed",
            "data_changed": "personal data changed", "transfer_changed": "third-country transfer changed",
            "purpose_changed": "purpose changed", "condition_changed": "condition changed",
            "schedule_changed": "dates changed", "deactivated": "deactivated", "ended": "ended",
            "withdrawn": "removed (listed in error)", "cancelled": "cancelled", "renamed": "renamed",
            "safeguards_changed": "safeguards changed", "certifications_changed": "certifications changed",
            "policy_changed": "policy changed", "category_changed": "category changed",
            "details_changed": "details changed", "corrected": "correction", "editorial": "editorial change",
            "reordered": "reordered",
        },
        "claim": {
            "certified": "certified", "declared": "self-declared", "in_progress": "in progress",
            "aligned": "not independently certified",
        },
        "condition": {
            "consent": "with consent", "region": "region", "configuration": "configuration",
            "feature": "feature", "product": "product", "plan": "plan",
            "request": "at the customer's request",
        },
        "country": {
            "EU": "European Union", "EEA": "European Economic Area", "worldwide": "worldwide",
            "varies": "varies",
        },
        "lifecycle": {"moved": "moved", "closed": "closed"},
        "vendor_role": {"sub_processor": "sub-processor", "independent_controller": "independent controller"},
        "data_scope": {
            "customer_content": "customer content", "customer_account": "account data",
            "website_visitor": "website visitor data",
        },
        "end_reason": {"rotated": "rotated", "lost": "lost", "compromised": "compromised"},
        "key_use": {"document": "document key", "log": "log key", "feed": "feed key"},
        "day_count": {"calendar": "calendar days", "business": "business days"},
        "ict_service": {
            "S01": "ICT project management", "S02": "ICT development",
            "S03": "ICT help desk and first-level support", "S04": "ICT security management services",
            "S05": "provision of data", "S06": "data analysis",
            "S07": "ICT facilities and hosting services (excluding cloud services)", "S08": "computation",
            "S09": "non-cloud data storage", "S10": "telecom carrier", "S11": "network infrastructure",
            "S12": "hardware and physical devices", "S13": "software licensing (excluding SaaS)",
            "S14": "ICT operation management (including maintenance)", "S15": "ICT consulting",
            "S16": "ICT risk management", "S17": "cloud services: IaaS", "S18": "cloud services: PaaS",
            "S19": "cloud services: SaaS",
        },
        "identifier": {
            "lei": "LEI", "euid": "EUID", "vat": "VAT identification no.", "duns": "D-U-N-S number",
            "national": "company registration no.",
        },
        "mechanism": {
            "adequacy": "adequacy decision", "dpf": "EU-US Data Privacy Framework",
            "dpf_uk": "UK Extension to the EU-US Data Privacy Framework",
            "dpf_swiss": "Swiss-US Data Privacy Framework", "scc": "standard contractual clauses",
            "idta": "UK International Data Transfer Agreement",
            "uk_addendum": "UK Addendum to the standard contractual clauses",
            "bcr": "binding corporate rules", "derogation": "derogation under GDPR Article 49",
            "unstated": "not stated",
        },
        "notice_event": {
            "addition": "new sub-processors", "replacement": "replacement of a sub-processor",
            "activation": "activation of an available sub-processor",
            "relocation": "processing in a further country",
            "data_changed": "processing of further personal data",
        },
        "role": {
            "privacy": "privacy", "dpo": "data protection officer",
            "representative": "representative (GDPR Article 27)", "security": "security", "legal": "legal",
            "support": "support", "sales": "sales", "press": "press", "general": "general",
        },
        "state": {
            "announced": "upcoming", "in_force": "in use", "ended": "former",
            "available": "available, not in use", "withdrawn": "removed (listed in error)",
            "cancelled": "cancelled",
        },
        "status": {"active": "active", "conditional": "conditional", "available": "available"},
        "vendor_kind": {"third_party": "third party", "affiliate": "group company"},
    }
)  # fmt: skip
"""English words by vocabulary and code. A code that is not here is shown as it is."""
