"""Checkpoints of several customers beside each other: one history, or two."""
