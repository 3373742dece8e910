"""The subscription service in a test: its application asked without a socket, its mails taken by a peer."""

from __future__ import annotations
