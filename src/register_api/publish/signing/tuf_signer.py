"""A key as python-tuf wants a signer, wherever the key lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from securesystemslib.signer import Key, SecretsHandler, Signature, Signer


class TufSigner(Signer):
    """Signs TUF metadata with a key of the keyring."""

    def __init__(self, key: Key, sign: Callable[[bytes], bytes]) -> None:
        """Keep the public key and what signs with the private one."""
        self._key = key
        self._sign = sign

    @classmethod
    def from_priv_key_uri(
        cls,
        priv_key_uri: str,  # noqa: ARG003
        public_key: Key,  # noqa: ARG003
        secrets_handler: SecretsHandler | None = None,  # noqa: ARG003
    ) -> NoReturn:
        """Keys come from the keyring alone."""
        raise ValueError("keys come from the keyring")

    @property
    def public_key(self) -> Key:
        """The public key under securesystemslib's key id."""
        return self._key

    def sign(self, payload: bytes) -> Signature:
        """Return the signature over these bytes."""
        return Signature(self._key.keyid, self._sign(payload).hex())
