"""Generate configuration for static hosts, and test whether a host serves a register correctly."""
