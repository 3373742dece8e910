"""The customer's half of many registers, known by ``verify`` alone: news, deadlines and decisions."""
