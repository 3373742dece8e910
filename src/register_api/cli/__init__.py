"""The command line: parses arguments, calls the library and prints. Only here is the clock read."""
