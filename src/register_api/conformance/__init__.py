"""What any host of a register has to answer: a numbered script, and what carries it out."""
