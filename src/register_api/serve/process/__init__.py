"""The process itself: where it listens, how many there are, and how they end."""
