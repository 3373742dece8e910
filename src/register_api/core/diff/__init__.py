"""What changed between two versions: compared by id, classed, told in sentences."""
