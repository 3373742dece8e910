"""What the service tells those who run it: log, faults, freshness, metrics."""
