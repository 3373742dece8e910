"""All targets, by name."""

from __future__ import annotations

from fuzz import attestation, customer, documents, feeds, importer, keys, log, notices, service, source, trust

TARGETS = {
    target.name: target
    for room in (
        documents,
        log,
        attestation,
        keys,
        feeds,
        trust,
        customer,
        source,
        importer,
        service,
        notices,
    )
    for target in room.TARGETS
}
