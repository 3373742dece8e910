"""The Merkle log of versions: RFC 6962 hashing in the C2SP forms."""
