"""Notice that reaches people: who is told of which version, when, and what became of it.

It reads the public tree alone, through ``verify``: a publication that was rolled back leaves no mail.
"""
