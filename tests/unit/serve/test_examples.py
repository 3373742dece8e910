"""The API reference shows an example of every kind of file, whatever its bytes are."""

from __future__ import annotations

import pytest

from register_api.core.format.paths import KINDS
from register_api.serve.reference import _candidates, _text
from sample_register import register


class _Empty:
    """A publication without files."""

    generation = 1

    def __init__(self) -> None:
        self.manifest, self.files = self, dict[str, object]()

    def read(self, path: str) -> bytes:
        raise KeyError(path)


def test_every_parameter_of_a_path_has_values() -> None:
    """A parameter that a new kind of file brings is not forgotten."""
    known = _candidates(_Empty(), register())  # type: ignore[arg-type]
    assert {name for kind in KINDS for name in kind.parameters} <= known.keys()


@pytest.mark.parametrize("media_type", sorted({kind.media_type for kind in KINDS}))
def test_bytes_of_every_media_type_are_shown_or_left_out(media_type: str) -> None:
    """What is not text is left out: a workbook has "xml" in the name of its type, and is an archive."""
    is_text = "sheet" not in media_type and not media_type.endswith(("octet-stream", "reply", "svg+xml"))
    is_text = is_text and "javascript" not in media_type  # a program is nothing that a client reads
    assert (_text(b'{"a":1}', media_type) is not None) is (is_text and "html" not in media_type)
