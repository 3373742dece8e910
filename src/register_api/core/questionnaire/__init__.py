"""Answers to customers' questions about each engagement, from the register alone, as text and data."""
