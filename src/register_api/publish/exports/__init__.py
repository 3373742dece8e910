"""The register in the forms of others: CSV, workbook, CycloneDX, DPV, DORA; made from one version."""
