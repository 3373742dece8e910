"""The numbered rules R01 to R33: what is refused and what is warned about (docs/rules.md)."""

from register_api.core.rules.check_draft import check
from register_api.core.rules.rule_table import RULES, Rule
from register_api.core.versioning import Context

__all__ = ["RULES", "Context", "Rule", "check"]
