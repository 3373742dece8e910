"""The store: a folder in which one atomic switch makes a publication visible."""
