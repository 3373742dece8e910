"""A witness: cosigns a log's checkpoints while the log only grows, never a smaller or forked one."""
