"""Durable writing of files, and reading of files written by people."""
