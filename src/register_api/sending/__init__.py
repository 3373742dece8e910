"""What sends mail, and remembers what became of each: database, outbox, mail server.

It knows nothing of registers, publishers or customers: whoever sends brings the tables about whom and what,
and writes the words.
"""
