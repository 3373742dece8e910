"""Read, validate and edit the TOML source of a register."""
