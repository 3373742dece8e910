"""A witness: signs that it saw a log grow, and never signs a smaller or another one after that."""
