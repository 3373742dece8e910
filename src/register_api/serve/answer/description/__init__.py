"""What the service says of itself: the OpenAPI description of every address, and a page made from it."""
