"""The pure heart: no clock, file, socket, environment or log. Nothing is imported here."""
