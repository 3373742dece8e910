"""Taking over what companies have: tables on pages, CSV, JSON rows, and the history of either."""
