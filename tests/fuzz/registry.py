"""All targets, by name."""

from __future__ import annotations

from fuzz import customer, documents, feeds, keys, log, service, source, takeover, trust

TARGETS = {
    target.name: target
    for room in (documents, log, keys, feeds, trust, customer, source, takeover, service)
    for target in room.TARGETS
}
