"""Room for connections: each takes one of the file descriptors that the system allows a process."""

from __future__ import annotations

import logging
import resource

from register_api.serve.http.bounds import SPARE_CONNECTIONS

_log = logging.getLogger(__name__)

_OTHER_FILES = 128
"""Descriptors for all but connections: the store, threads, libraries."""


def room_for(connections: int) -> int:
    """Raise this process's limit as far as is needed and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_CONNECTIONS + _OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    possible = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, possible), hard))
    room = max(1, max(soft, possible) - SPARE_CONNECTIONS - _OTHER_FILES)
    if room < connections:
        facts = {"wanted": connections, "possible": room}
        _log.warning("fewer connections are possible: the system allows few open files", extra=facts)
    return min(room, connections)
