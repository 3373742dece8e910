"""The numbered checks, and the run in which they are made."""
