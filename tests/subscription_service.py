"""The subscription service in tests: the application without a socket, and a peer that receives its mails."""

from __future__ import annotations
