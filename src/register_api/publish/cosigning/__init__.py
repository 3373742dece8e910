"""Asks witnesses to sign what was published, and adds their lines to the public checkpoint."""
