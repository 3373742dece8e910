"""HTTP client for untrusted servers, with limits on bytes, time, requests, redirects and retries."""
