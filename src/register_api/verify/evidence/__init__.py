"""One version with everything that proves it, in one file that verifies without network."""
