"""Honest publishers that attacks begin with, where three versions and one root key are not enough."""

from __future__ import annotations

import datetime as dt
import functools

from memory_log import private_key
from memory_publisher import NOW, MemoryPublisher

ROOT_KEYS = [private_key(70), private_key(71), private_key(72)]


@functools.cache
def guarded() -> MemoryPublisher:
    """Return a publisher whose second root is held by three people, of whom two must sign."""
    publisher = MemoryPublisher().publish().publish()
    publisher.add_root(root_keys=ROOT_KEYS, threshold=2)
    return publisher.publish()


@functools.cache
def rotated() -> MemoryPublisher:
    """Return a publisher who has put one root key in the place of another."""
    publisher = MemoryPublisher().publish().publish()
    publisher.add_root(root_keys=[private_key(73)])
    return publisher.publish()


@functools.cache
def with_an_ended_key() -> MemoryPublisher:
    """Return a publisher of three versions whose document key was ended after the second."""
    publisher = MemoryPublisher().publish().publish()
    publisher.rotate_document_key(62)
    return publisher.publish()


@functools.cache
def expiring_root() -> MemoryPublisher:
    """Return a publisher whose root ends in a day, before its timestamp does."""
    publisher = MemoryPublisher().publish().publish()
    publisher.add_root(expires=NOW + dt.timedelta(days=1))
    return publisher.publish()


@functools.cache
def sister() -> MemoryPublisher:
    """Return another register of the same publisher, with the same keys."""
    return MemoryPublisher("other.example/list").publish().publish().publish()


@functools.cache
def forty_nine_versions() -> MemoryPublisher:
    """Return a publisher whose next version completes a page of the feed's archive."""
    return MemoryPublisher().publish_many(49)
