"""One row for each use and place of a register, which CSV, XLSX and the forms of others are made from."""
