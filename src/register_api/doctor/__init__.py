"""What may be wrong with a register on this machine and where it is public, each with what to do about it."""
