"""From a known root to what it vouches for: the TUF client."""
