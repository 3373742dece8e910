"""Which key may speak for what, and whether a signature is its own: verifying only."""
