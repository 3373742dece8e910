"""The format: every kind of file in the tree, and all its properties."""
