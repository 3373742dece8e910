"""The customer's half of many registers: vendors, what is new at each, by when to act, and what was decided.

It knows registers by ``verify`` alone, as every customer does, and nothing of a publisher.
"""
