"""The table of files in docs/format/tree.md, generated from the program's own table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.format.kind import PARAMETERS
from register_api.core.format.paths import COPIES, FILES, TRANSLATIONS, address_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def table_of_files() -> Iterator[str]:
    """Yield the lines of docs/format/tree.md that are generated from core/format/tree.py."""
    yield "| path | what it is | cache class | beside it | checked by |"
    yield "|---|---|---|---|---|"
    for kind in (*FILES, *TRANSLATIONS, *COPIES):
        path = f"`/{kind.template}`"
        path += f", served as `/{address_of(kind.template)}`" if kind.is_page else ""
        beside = " ".join(f"`{signature.suffix}`" for signature in kind.signatures)
        checked = ", ".join(kind.checks) or f"nothing: {kind.unchecked}"
        yield f"| {path} | {kind.summary} | {kind.cache} | {beside} | {checked} |"
    yield ""
    yield "| in a path | stands for |"
    yield "|---|---|"
    for name, parameter in PARAMETERS.items():
        yield f"| `{{{name}}}` | {parameter.description} |"
