"""The feeds: Atom with archive pages, and JSON Feed."""
