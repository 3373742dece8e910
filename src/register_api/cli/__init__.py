"""Parses, calls, prints; the clock is read here and handed down."""
