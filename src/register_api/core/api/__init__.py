"""What a service answers beside the files: queries, answers, problems; and the description of all of it."""
