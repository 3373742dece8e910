"""Versions that were good once, and that no key of the publisher stands for any more (V33)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.format import tree
from register_api.core.keys.key_list import Disowned, disowned_since
from register_api.errors import UntrustedKey
from register_api.verify.checks.key_history import read_key_list
from register_api.verify.checks.recorder import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from register_api.core.canonical import Encoded
    from register_api.core.documents import KeyList
    from register_api.verify.checks.run import Run
    from register_api.verify.state import Remembered, VersionRange


class DisownedVersions:
    """What is remembered and found of such versions, and which of them the customer knows about."""

    def __init__(self, remembered: Remembered | None, asked: tuple[VersionRange, ...]) -> None:
        """Begin with what is remembered, and what the customer acknowledges in this run."""
        self._by_key: dict[str, Disowned] = {}
        self._acknowledged = asked
        if remembered is not None:
            self._add(remembered.disowned)
            self._acknowledged += remembered.acknowledged

    def find(self, older: KeyList, newer: KeyList, size: int) -> None:
        """Add what a newer list disowns of the versions up to a size."""
        self._add(disowned_since(older, newer, size))

    def _add(self, found: Iterable[Disowned]) -> None:
        """Add versions; those of one key follow one another, since its range only becomes shorter."""
        for one in found:
            known = self._by_key.get(one.kid, one)
            first, last = min(known.first, one.first), max(known.last, one.last)
            self._by_key[one.kid] = Disowned(kid=one.kid, first=first, last=last)

    @property
    def all(self) -> tuple[Disowned, ...]:
        """Every range of such versions, the oldest first."""
        return tuple(sorted(self._by_key.values(), key=lambda one: (one.first, one.kid)))

    @property
    def acknowledged(self) -> tuple[VersionRange, ...]:
        """What was acknowledged of them; nothing can be that was not disowned yet."""
        known = (
            (max(first, one.first), min(last, one.last))
            for first, last in self._acknowledged
            for one in self._by_key.values()
        )
        return tuple(sorted({(first, last) for first, last in known if first <= last}))

    def is_acknowledged(self, first: int, last: int | None = None) -> bool:
        """Tell whether a version, or each of a range, is among those that the customer knows about."""
        until = first if last is None else last
        return any(known[0] <= first and until <= known[1] for known in self._acknowledged)


def check_disowned(run: Run, newest: Encoded[KeyList], size: int) -> str:
    """Compare the remembered list of keys with today's: no version may have lost its key unnoticed (V33)."""
    known = run.remembered
    if known is not None and (kept := known.kept.get(tree.KEYS.target_name)) not in (None, newest.data):
        before = read_key_list(kept, newest.document.register, "the remembered list of keys")
        run.disowned.find(before.document, newest.document, known.size)
    found = run.disowned.all
    pending = [one for one in found if not run.disowned.is_acknowledged(one.first, one.last)]
    if pending:
        named = " and ".join(dict.fromkeys(span(one) for one in pending))
        later = "" if max(one.last for one in pending) < size else "wait for the version after it; "
        options = " ".join(dict.fromkeys(f"--acknowledge {span(one)}" for one in pending))
        raise UntrustedKey(
            f"the publisher does not stand for version {named} any more",
            hint=f"{later}see Disowned below, and what you did by such a version; then {options}",
        )
    if found:
        return "but for what was acknowledged: see Disowned below"
    if known is None:
        raise NotApplicable("nothing is remembered from an earlier run")
    return f"each version up to {known.size} is signed by keys that are good for it"


def span(one: Disowned) -> str:
    """Return a range of versions as ``--acknowledge`` takes it: ``2``, or ``2-7``."""
    return f"{one.first}" if one.first == one.last else f"{one.first}-{one.last}"
