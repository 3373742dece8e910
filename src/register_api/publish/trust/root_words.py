"""What a next trust root changes, in words: what a person reads before they sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuf.api.metadata import Root

from register_api.core.canonical import digest
from register_api.core.instant import format_instant
from register_api.core.keys.trust_roles import ROLES
from register_api.publish.trust.root_change import kid_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuf.api.metadata import Metadata

    from register_api.publish.trust.root_draft import RootDraft


def describe(draft: RootDraft) -> tuple[str, ...]:
    """Return the lines that say what signing this draft would mean.

    Args:
        draft: A draft that ``check_draft`` has passed.
    """
    metadata, parsed = draft.parsed(), draft.parsed_before()
    before, after = (parsed.signed if parsed else None), metadata.signed
    lines = [f"Version {after.version} of the trust root"]
    if draft.before is not None and before is not None:
        lines.append(
            f"  follows version {before.version}, good until {format_instant(before.expires)},"
            f" SHA-256 {digest(draft.before.encode())}"
        )
    lines.append(f"  good until {format_instant(after.expires)}")
    for role, names in ROLES.items():
        lines += _role(role, names[0], before, after)
    lines += _signatures(metadata)
    for version, missing in draft.missing().items():
        asking = "its own keys" if version == after.version else f"the keys of version {version}"
        lines.append(f"  signatures of {asking}: {f'{missing} missing' if missing else 'enough'}")
    return tuple(lines)


def _role(role: str, name: str, before: Root | None, after: Root) -> Iterator[str]:
    old, new = _kids(before, name), _kids(after, name)
    if old == new and role != Root.type:
        yield f"  {role}: the same {_count(len(new), 'key')}"
    for kid in sorted(new - old):
        yield f"  {role}: + {kid}  JOINS"
    for kid in sorted(old - new):
        yield f"  {role}: - {kid}  LEAVES"
    if role != Root.type:
        return
    for kid in sorted(old & new):
        yield f"  {role}:   {kid}  stays"
    threshold = after.roles[name].threshold
    changed = before is not None and before.roles[name].threshold != threshold
    was = f"  (before: {before.roles[name].threshold} of {len(old)})" if before and changed else ""
    yield f"  {role}: {threshold} of {len(new)} have to sign{was}"


def _signatures(metadata: Metadata[Root]) -> Iterator[str]:
    for keyid in metadata.signatures:
        key = metadata.signed.keys.get(keyid)
        yield f"  signed by {kid_of(key) if key else 'a key of the version before'}"


def _kids(root: Root | None, name: str) -> frozenset[str]:
    if root is None:
        return frozenset()
    return frozenset(kid_of(root.keys[keyid]) for keyid in root.roles[name].keyids)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
