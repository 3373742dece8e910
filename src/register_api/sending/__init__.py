"""Sends mail and webhooks, and remembers what became of each, knowing nothing of registers or customers."""
