"""What changed between two versions: compared by id, classified by type, described in sentences."""
