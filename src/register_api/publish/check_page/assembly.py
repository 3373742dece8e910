"""Puts ``/check.html`` together: one file with nothing beside it, the same for every register.

The parts are readable modules that Node can load as they are. A page that is opened from disk cannot load
a module from another file, so they become one script, whose digest the page's own policy names.
"""

from __future__ import annotations

import functools
import hashlib
from importlib.resources import files

from register_api.core import strict_base64
from register_api.core.headers import in_page, program_policy

_ROOM = files(__package__)

MODULES = (
    "bytes", "days", "json", "ed25519", "reading", "trust", "keys", "log", "register", "memory", "events",
    "notice", "steps", "sentences", "page",
)  # fmt: skip
"""The modules, each after those whose constants it needs while it is read."""

_LEFT_OUT = ("import", "//", "/**")
"""What begins a line that leads to another module, or is a comment."""


@functools.cache
def check_page() -> bytes:
    """Return the page."""
    style, script = _read("check.css").strip(), _script()
    policy = in_page(program_policy(_source(style), _source(script)))
    page = _read("check.html")
    for name, text in (("policy", policy), ("style", style), ("script", script)):
        page = page.replace(f"@{name}@", text)
    return page.encode()


def _script() -> str:
    """Return all modules as one: without comments, and what leads from one to the other."""
    lines = "".join(_read(f"program/{name}.js") for name in MODULES).splitlines()
    kept = (line.removeprefix("export ") for line in lines if not line.lstrip().startswith(_LEFT_OUT))
    return "\n".join(kept).strip()


def _read(name: str) -> str:
    return _ROOM.joinpath(name).read_text("utf-8")


def _source(text: str) -> str:
    """Return the source expression that lets an element with this text apply (CSP Level 3 section 2.3.1)."""
    return f"'sha256-{strict_base64.encode(hashlib.sha256(text.encode()).digest())}'"
