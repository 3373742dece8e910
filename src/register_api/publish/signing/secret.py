"""Bytes that no ``repr`` shows: what a traceback with local variables would print stays hidden."""

from __future__ import annotations


class Secret:
    """Key file content, a passphrase or a PIN on its way to the one call that needs it.

    Two secrets are equal when their bytes are.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        """Keep the bytes."""
        self._data = data

    def __repr__(self) -> str:
        return "Secret()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._data == self._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def reveal(self) -> bytes:
        """Return the bytes; to be handed on at once, never kept in a variable."""
        return self._data

    def startswith(self, mark: bytes) -> bool:
        """Tell whether the bytes begin with a mark that is no secret."""
        return self._data.startswith(mark)

    def first_line(self) -> Secret:
        """Return what stands before the first newline, or all of it."""
        return Secret(self._data.partition(b"\n")[0].rstrip(b"\r"))

    def is_text(self) -> bool:
        """Tell whether the bytes are UTF-8."""
        try:
            self._data.decode()
        except UnicodeDecodeError:  # it carries the bytes, so it goes no further
            return False
        return True
