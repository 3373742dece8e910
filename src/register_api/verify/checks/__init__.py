"""The numbered checks and the order they are made in."""
