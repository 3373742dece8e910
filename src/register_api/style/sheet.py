"""The style sheet as text, and the policy that lets it and nothing else be used."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from register_api.core import strict_base64

STYLE = files(__package__).joinpath("style.css").read_text("utf-8")
"""The style sheet, as it stands in each page between ``<style>`` and ``</style>``."""

STYLE_SHA256 = "sha256-" + strict_base64.encode(hashlib.sha256(STYLE.encode()).digest())
"""Source expression that lets ``style-src`` of a Content-Security-Policy accept the style sheet."""

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src '{STYLE_SHA256}'; base-uri 'none'; form-action 'none'"
)
"""Policy of all pages: they load nothing and run nothing. It also stands in their ``<head>``."""
