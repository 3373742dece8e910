"""The table of rules (number, severity, title), and the file and key path of findings."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from register_api.core.model import Draft, EngagementSource, SubprocessorSource
from register_api.errors import Finding, Severity


class Rule(msgspec.Struct, frozen=True):
    """One rule; its number is never reused."""

    number: str
    severity: Severity
    title: str


RULES = (
    Rule("R01", "error", "The source is TOML in UTF-8 with known keys of the right types"),
    Rule("R02", "error", "Ids are slugs; a vendor's file is named by its id; engagement ids are unique"),
    Rule("R03", "error", "An id that was published stays, for the same legal entity"),
    Rule("R04", "error", "What is referred to exists, and no chain forms a cycle"),
    Rule("R05", "error", "Texts are clean and without HTML; addresses are absolute https"),
    Rule("R06", "error", "Countries are assigned ISO 3166-1 alpha-2 codes or a named wide value"),
    Rule("R07", "error", "Company numbers have the form and check digits of their scheme"),
    Rule("R08", "error", "A status has what it needs: condition, location, purpose, or no dates"),
    Rule("R09", "error", "An engagement ends after it starts, and published dates do not move into the past"),
    Rule("R10", "error", "What the promise covers starts after the days of notice at the earliest"),
    Rule("R11", "error", "Short notice is given openly: with a reason on the engagement"),
    Rule("R12", "error", "What the promise covers is not announced after it started"),
    Rule("R13", "error", "A promise is not shortened for a change that it still covers"),
    Rule("R14", "error", "The kind of the reason fits what is published"),
    Rule("R15", "error", "Versions follow in time; history is imported before the first live version"),
    Rule("R16", "error", "The order of reading names each vendor once"),
    Rule("R17", "error", "Sizes stay below what every reader can take"),
    Rule("R18", "error", "Each key has one id, one role, its own range of versions and one reader"),
    Rule("R19", "error", "The source belongs to the store"),
    Rule("R20", "warning", "A place outside the EEA has a transfer mechanism"),
    Rule("R21", "warning", "A seat outside the EEA with all places inside says how remote access is handled"),
    Rule(
        "R22", "warning", "A vendor has an identifier, a contact, a privacy address and dated certifications"
    ),
    Rule("R23", "warning", "An active engagement says which data, and whose"),
    Rule("R24", "warning", "Content and certifications are not out of date"),
    Rule("R25", "warning", "No two vendors appear to be the same company"),
    Rule("R26", "warning", "Something has changed"),
    Rule("R27", "warning", "Planned changes that have taken effect are folded into the base fields"),
    Rule("R28", "warning", "The period to object is not longer than the notice"),
    Rule("R29", "warning", "Business days are counted in years whose holidays are listed"),
    Rule("R30", "error", "The example texts of init are replaced"),
    Rule("R31", "error", "The date of the content is not in the future"),
    Rule("R32", "warning", "The register says where it is published"),
    Rule("R33", "warning", "Each accepted warning still occurs"),
)
"""All rules, in order of number."""

SYNTAX = frozenset({"R01", "R02", "R05", "R06", "R07"})
"""Rules about the syntax of single values; a value that breaks one is not compared with others."""

_SEVERITIES = {rule.number: rule.severity for rule in RULES}

REGISTER_FILE = "register.toml"
"""The source file for everything except vendors."""


def found(rule: str, file: str, key: str, message: str, hint: str = "") -> Finding:
    """Return a finding of a rule, with the rule's severity."""
    return Finding(rule=rule, severity=_SEVERITIES[rule], file=file, key=key, message=message, hint=hint)


def vendor_file(vendor: str) -> str:
    """Return a vendor's source file, relative to the source folder."""
    return f"subprocessors/{vendor}.toml"


def uses(draft: Draft) -> Iterator[tuple[str, str, SubprocessorSource, EngagementSource]]:
    """Yield file, key path, vendor and engagement for each engagement."""
    for vendor in draft.subprocessors:
        for index, engagement in enumerate(vendor.engagements):
            yield vendor_file(vendor.id), f"engagements[{index}]", vendor, engagement


def owners(vendor: SubprocessorSource) -> Iterator[tuple[str, SubprocessorSource | EngagementSource]]:
    """Yield a vendor and its engagements, each with the prefix of ``planned`` in its key path."""
    yield "", vendor
    for index, engagement in enumerate(vendor.engagements):
        yield f"engagements[{index}].", engagement
