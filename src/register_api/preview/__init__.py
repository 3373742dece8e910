"""Serves a preview of the next version to the publisher, without publishing or opening any key."""
