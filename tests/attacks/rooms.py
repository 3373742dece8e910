"""Every room there is, in the order of the README."""

from __future__ import annotations

import attacks_in_bits
import attacks_in_bytes
import attacks_on_checkpoints
import attacks_on_documents
import attacks_on_entries
import attacks_on_epochs
import attacks_on_feed
import attacks_on_feed_signature
import attacks_on_freshness
import attacks_on_headers
import attacks_on_keys
import attacks_on_log
import attacks_on_log_files
import attacks_on_memory
import attacks_on_metadata
import attacks_on_root_keys
import attacks_on_roots
import attacks_on_signatures
import attacks_on_the_way
import attacks_on_time_stamps
import attacks_on_witnesses

_MODULES = (
    attacks_in_bits,
    attacks_on_documents,
    attacks_on_keys,
    attacks_on_headers,
    attacks_on_signatures,
    attacks_on_freshness,
    attacks_on_metadata,
    attacks_on_roots,
    attacks_on_root_keys,
    attacks_on_log,
    attacks_on_log_files,
    attacks_on_epochs,
    attacks_on_entries,
    attacks_on_checkpoints,
    attacks_on_witnesses,
    attacks_on_time_stamps,
    attacks_in_bytes,
    attacks_on_the_way,
    attacks_on_feed_signature,
    attacks_on_feed,
    attacks_on_memory,
)

ROOMS = tuple(module.ROOM for module in _MODULES)

ATTACKS = tuple(attack for room in ROOMS for attack in room.attacks)
