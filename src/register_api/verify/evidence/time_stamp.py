"""The time stamp in a package: on the version's own checkpoint, or on the newest one (E16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.format import tree
from register_api.core.keys.key_list import log_key
from register_api.core.log.time_stamp import check_plausible, open_time_stamp, stamped_bytes
from register_api.core.log.tlog_proof import parse_proof
from register_api.errors import Unwitnessed
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.checks.time_stamp import stamp_in_words

if TYPE_CHECKING:
    from collections.abc import Container

    from register_api.verify.evidence.contents import Contents


def stamped_size(paths: Container[str], version: int, newest: int) -> int | None:
    """Return which checkpoint of a package is stamped: the version's own rather than the newest."""
    return next((size for size in (version, newest) if tree.TIME_STAMP.path(size) in paths), None)


def check_time_stamp(contents: Contents) -> str:
    """Check the time stamp as of its own time; that certificates have expired since is no finding (E16).

    Without the customer's certificates only what it is of is checked: its signature may be anybody's.
    """
    anchors = contents.options.stamped_by
    size = stamped_size(contents.files, contents.version, contents.head.size)
    if size is None:
        if anchors:
            raise Unwitnessed("there is no time stamp in the package")
        raise NotApplicable("there is no time stamp in the package")
    path = tree.TIME_STAMP.path(size)
    data, stamped = contents.get(path), _stamped(contents, size)
    with naming(path):
        stamp = open_time_stamp(data, stamped, anchors or None)
        check_plausible(stamp, contents.register.published_at)
    if not anchors:
        raise NotApplicable(f"{path}: of the right bytes, but by whom was not checked (--stamped-by)")
    contents.time_stamp = (size, stamp)
    return stamp_in_words(size, stamp, contents.version, contents.register.published_at)


def _stamped(contents: Contents, size: int) -> bytes:
    """Return the bytes that the stamp of a size has to be of."""
    if size == contents.version:
        return parse_proof(contents.get(tree.VERSION_PROOF.path(size))).checkpoint
    return stamped_bytes(contents.head_data, log_key(contents.keys, size))
