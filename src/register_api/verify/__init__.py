"""The customer's half: fetches within bounds, checks, remembers, reports."""
