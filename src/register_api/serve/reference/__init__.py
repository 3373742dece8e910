"""The API reference: the description of the protocol as a page, with examples of what is published."""
