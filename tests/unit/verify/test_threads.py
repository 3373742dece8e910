"""Several registers may be verified in one process at the same time."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import register_api
import sample_register
from programs import output_of
from register_api.core import canonical
from register_api.core.format import tree

_FIRST_USES = """
import sys, threading
from pathlib import Path
from register_api.core.canonical import decode
from register_api.core.judging import draft_of
from register_api.core.model import Register
import register_api.verify

def read():
    start.wait()
    draft_of(decode(data, Register))

data, start = Path(sys.argv[1]).read_bytes(), threading.Barrier(4)
sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=read) for _ in range(4)]
for each in threads: each.start()
for each in threads: each.join()
"""


def test_threads_may_read_the_first_registers_at_once(tmp_path: Path) -> None:
    """On first use, two threads are not to be in the description of a type: the process crashed."""
    file = tmp_path / "register.json"
    file.write_bytes(canonical.encode(sample_register.register()))
    for _ in range(3):
        output_of(sys.executable, "-c", _FIRST_USES, file)


def test_every_struct_that_is_decoded_is_described_beforehand() -> None:
    """A struct of a file's schema, or one with the decorator."""
    texts = [path.read_text("utf-8") for path in Path(register_api.__file__).parent.rglob("*.py")]
    decoded = {kind for text in texts for kind in re.findall(r"[^.\w]decode\(.*, ([A-Z_]\w+)[,)]", text)}
    marked = {kind for text in texts for kind in re.findall(r"@decodable\nclass (\w+)", text)}
    schemas = {kind.schema.struct.__name__ for group in tree.GROUPS.values() for kind in group if kind.schema}
    assert {"Register", "_Feed", "Seal"} <= decoded
    assert decoded <= marked | schemas
