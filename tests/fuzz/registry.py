"""All targets, by name."""

from __future__ import annotations

from fuzz import (
    attestation,
    customer,
    documents,
    feeds,
    importer,
    keys,
    log,
    notices,
    service,
    source,
    trust,
    watching_vendors,
)

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
        watching_vendors,
    )
    for target in room.TARGETS
}
