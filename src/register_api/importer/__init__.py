"""Import existing sub-processor lists from web pages, CSV, JSON or YAML, with their history."""
