"""Reading what is served, within bounds."""
