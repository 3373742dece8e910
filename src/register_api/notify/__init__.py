"""Notifies customers of changes and records the outcome of each delivery.

It reads only the public tree, through ``verify``: a publication that was rolled back causes no mail.
"""
