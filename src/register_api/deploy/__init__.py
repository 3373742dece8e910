"""Brings a published tree to where it is served from: a folder or a bucket. Holds no key."""
