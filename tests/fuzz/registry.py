"""All targets, by name."""

from __future__ import annotations

from fuzz import attestation, customer, documents, feeds, keys, log, service, source, takeover, trust

TARGETS = {
    target.name: target
    for room in (documents, log, attestation, keys, feeds, trust, customer, source, takeover, service)
    for target in room.TARGETS
}
