"""HTTP: content negotiation, conditional requests, limits, problem responses, the protocol."""
