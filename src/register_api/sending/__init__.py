"""Sends email and webhooks and records the outcomes; independent of registers and customers."""
