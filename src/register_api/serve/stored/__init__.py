"""The table of finished replies, filled from the store and swapped as a whole."""
