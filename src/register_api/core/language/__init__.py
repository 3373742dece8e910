"""Human-readable text in each language of the catalogue.

The code contains English message ids; ``make messages`` updates ``locales/`` from them.
"""
