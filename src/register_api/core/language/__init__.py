"""What the register says to people, in each language of one catalogue.

English stands in the code as message ids; ``make messages`` brings ``locales/`` up to date with them.
"""
