"""Answers that no file can give, computed from what is stored."""
