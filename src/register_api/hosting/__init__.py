"""What a host of files has to be told, so that it answers as the service does: nginx, Caddy, ``_headers``."""
