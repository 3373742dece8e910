"""HTTP itself: negotiation, conditions, limits, problems, the sending of replies."""
