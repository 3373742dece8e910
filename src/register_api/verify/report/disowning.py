"""The section Disowned: each version that no key of the publisher stands for any more."""

from __future__ import annotations

from collections.abc import Iterator

from register_api.core.documents import KeyList
from register_api.core.language.disowned import disowned
from register_api.core.language.language import ENGLISH
from register_api.verify.checks.disowned import DisownedVersions
from register_api.verify.report.report import DisownedTold
from register_api.verify.report.text import plain


def disowned_told(found: DisownedVersions, keys: KeyList | None) -> Iterator[DisownedTold]:
    """Yield ranges of versions with the key that was ended, and a sentence for each."""
    listed = {} if keys is None else {record.kid: record for record in keys.keys}
    for one in found.all:
        if (key := listed.get(one.kid)) is not None:
            yield DisownedTold(
                first_version=one.first,
                last_version=one.last,
                key=key,
                acknowledged=found.is_acknowledged(one.first, one.last),
                sentence=plain(disowned(ENGLISH, one, key)),
            )
