"""What customers ask of every engagement, answered from the register alone, in words and as data."""
