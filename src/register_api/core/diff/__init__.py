"""What changed between two versions: compared by id, typed, told in sentences."""
