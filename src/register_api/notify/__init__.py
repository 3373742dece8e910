"""Notice that reaches people: who is told of which version, when, and what became of it.

It holds no key of the register and reads nothing but the public tree, through ``verify`` and with its memory:
what it tells has been verified from outside, and a publication that was rolled back leaves no mail.
"""
