"""Fuzzing: every parser that reads bytes from outside, fed with damaged and with any bytes.

One ``Target`` a parser; ``inputs`` makes the bytes, ``target.examine`` is the judge, ``registry`` lists
all. The suite runs a few examples of each, ``run.py`` as many as the time allows.
"""
