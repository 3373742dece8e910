"""Versions that a publisher stopped standing for, in words: which, by which key, since when, and why."""

from __future__ import annotations

from register_api.core.documents import KeyRecord
from register_api.core.keys.key_list import Disowned
from register_api.core.language.language import Language


def disowned(language: Language, versions: Disowned, key: KeyRecord) -> str:
    """Return what a publisher says of versions by ending their key.

    Args:
        language: The words.
        versions: First and last version.
        key: The record of their key, as it is listed now.
    """
    said = [_versions(language, versions)]
    if key.ended is not None:
        said.append(
            language.text(
                "On {instant} the {key} {kid} was ended at version {last}: {reason}.",
                instant=language.instant(key.ended.at),
                key=language.code("key_use", key.use),
                kid=key.kid,
                last=key.last_version,
                reason=language.code("end_reason", key.ended.reason),
            )
        )
        if key.ended.text:
            said.append(language.text("The publisher says: {text}", text=key.ended.text))
    return " ".join(said)


def _versions(language: Language, versions: Disowned) -> str:
    if versions.first == versions.last:
        return language.text("The publisher has disowned version {version}.", version=versions.first)
    return language.text(
        "The publisher has disowned versions {first} to {last}.", first=versions.first, last=versions.last
    )
