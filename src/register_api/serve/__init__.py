"""The web service: serves stored files and computes answers; holds no private key."""
