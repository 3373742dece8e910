"""Hands out finished replies and answers questions; holds no private key."""
