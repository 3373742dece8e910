"""The subscription service: pages where people subscribe, confirm, change, leave, and answer notices.

A process of its own, which has the database and nothing else: no key, no password of the mail server.
"""
