"""Where finished artefacts live: a write-once directory with one atomic switch."""
