"""The private keys and all that is signed with them."""
