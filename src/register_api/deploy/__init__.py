"""Deploys a published tree to the folder or bucket that serves it. Needs no keys."""
