"""What a run found, as data and in words."""
