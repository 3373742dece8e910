"""The edited TOML: read, judged in form, with the line of every key."""
