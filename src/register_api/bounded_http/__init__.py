"""HTTP with servers that may be hostile: bytes, time, requests, redirects and retries are bounded."""
