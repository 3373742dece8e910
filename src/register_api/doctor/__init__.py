"""Diagnoses problems of a register, on this machine and in public, each with its remedy."""
