"""Answers computed from the stored files."""
