"""Exports: one row for each use and location, as CSV, XLSX and third-party formats."""
