"""Private keys and signatures."""
