"""The page that checks a register in the browser: one file to keep."""
