"""The files of a publication as one sorted text: looked up by halving, replaced line by line.

A manifest names some fifteen files for each version there is, and a publication changes some fifty of
them. So its list is neither parsed nor written as a whole: one line a file, in order of path, is JSON
that anybody reads, and a line is found, decoded or replaced where it stands.

``OpenManifest`` is ``manifest.json`` with such a list: the head is a document, the files are its lines.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from register_api.core.canonical import digest
from register_api.core.printable import printable
from register_api.errors import StoreDamaged
from register_api.store.manifest import Manifest, ManifestEntry, unreadable

_BETWEEN = b",\n"
_IMMUTABLE = b'"cache":"immutable"'

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ManifestEntry)


class ManifestFiles(Mapping[str, ManifestEntry]):
    """Every path of a tree with its entry, in order of path; entries are decoded when asked for.

    Attributes:
        text: Lines ``"<path>":{…}``, joined by comma and line feed: the inside of a JSON object.
    """

    def __init__(self, text: bytes = b"") -> None:
        """Take lines as they are; what is wrong in one of them is found when it is asked for."""
        self.text = text

    def __getitem__(self, path: str) -> ManifestEntry:
        """Return the entry of a path."""
        name, (start, end) = _name(path), self._line(path)
        if start == end:
            raise KeyError(path)
        try:
            return _decoder.decode(self.text[start + len(name) : end])
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise StoreDamaged(
                f"the manifest's entry of {path[:200]!a} cannot be read: {printable(error)}"
            ) from error

    def __contains__(self, path: object) -> bool:
        """Tell whether there is such a path."""
        if not isinstance(path, str):
            return False
        start, end = self._line(path)
        return start < end

    def __iter__(self) -> Iterator[str]:
        """Yield every path in order."""
        return map(_path, self._lines())

    def __len__(self) -> int:
        """Return the number of paths."""
        return len(self._lines())

    def changing(self) -> Iterator[str]:
        """Yield the paths that nobody may keep for ever: their cache class is not ``fixed``."""
        return (_path(line) for line in self._lines() if _IMMUTABLE not in line)

    def replaced(self, entries: Mapping[str, ManifestEntry], retired: Collection[str] = ()) -> ManifestFiles:
        """Return the list with other or further entries, and without what is retired."""
        pieces, at = [], 0
        for path in sorted((*entries, *retired), key=str.encode):
            start, end = self._line(path)
            pieces.append(self.text[at:start].removesuffix(_BETWEEN))
            if path in entries:
                pieces.append(_name(path) + _encoder.encode(entries[path]))
            at = end + len(_BETWEEN) if start < end else start
        pieces.append(self.text[at:])
        return ManifestFiles(_BETWEEN.join(piece for piece in pieces if piece))

    def _lines(self) -> list[bytes]:
        return self.text.split(_BETWEEN) if self.text else []

    def _line(self, path: str) -> tuple[int, int]:
        """Return where a path's line begins and ends; an empty range stands where it would belong."""
        name, text = _name(path), self.text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high) // 2
            start = max(low, text.rfind(b"\n", low, middle) + 1)
            end = text.find(b"\n", middle)
            end = len(text) if end < 0 else end + 1
            if text[start : start + len(name)] < name:
                low = end
            else:
                high = start
        if text[low : low + len(name)] != name:
            return low, low
        end = text.find(_BETWEEN, low)
        return low, len(text) if end < 0 else end


def _name(path: str) -> bytes:
    """Return how the line of a path begins.

    Its closing quotation mark sorts before every character of a path, so lines sort as paths do.
    """
    return b'"%b":' % path.encode()


def _path(line: bytes) -> str:
    try:
        return line[1 : line.index(b'"', 1)].decode()
    except ValueError as error:
        raise StoreDamaged("a line of the manifest that names no path") from error


_FILES = b'"files":{\n'
_END = b"\n}}"


class OpenManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What ``manifest.Manifest`` says, with files that are looked up where they stand."""

    register: str
    version: int
    generation: int
    files: ManifestFiles

    def encode(self) -> bytes:
        """Return the bytes of ``manifest.json``: JSON with one line a file."""
        head = Manifest(register=self.register, version=self.version, generation=self.generation, files={})
        start = msgspec.json.encode(head).removesuffix(b'"files":{}}')
        return b"".join((start, _FILES, self.files.text, _END))


def _start_of_files(data: bytes) -> int:
    start = data.find(_FILES) + len(_FILES)
    if start < len(_FILES) or not data.endswith(_END):
        raise ValueError("it does not have one line a file")
    return start


def read_manifest(path: Path, sha256: str | None) -> OpenManifest:
    """Read a store's manifest."""
    data = b""
    try:
        data = path.read_bytes()
        if sha256 is not None and digest(data) != sha256:
            raise StoreDamaged(f"{path} has other bytes than were published")
        start = _start_of_files(data)
        manifest = msgspec.json.decode(data[:start] + b"}}", type=Manifest)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise unreadable(path, data, Manifest, error) from error
    return OpenManifest(
        register=manifest.register,
        version=manifest.version,
        generation=manifest.generation,
        files=ManifestFiles(data[start : -len(_END)]),
    )
