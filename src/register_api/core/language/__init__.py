"""What the register says to people: codes, dates, notice and changes, in each language of one catalogue.

English stands in the code as message ids; ``locales/<language>/LC_MESSAGES/messages.po`` translates
them. ``make messages`` brings the files up to date with the code.
"""
