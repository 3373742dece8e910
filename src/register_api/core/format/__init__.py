"""The format: which files there are, and all that is said of each kind of them, once."""
