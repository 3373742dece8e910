"""The TUF repository: root, targets, snapshot, timestamp."""
