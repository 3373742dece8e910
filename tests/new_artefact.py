"""A release with one more published file (one row, one builder); run as a program, it reports the effects.

Modules that use the table read it when imported, so the row must be added before.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from register_api.core.format import tree
from register_api.core.format.kind import FileKind, MediaType

EXAMPLE = FileKind(
    "v1/example.csv",
    "getExampleCsv",
    "The sub-processors as a table",
    MediaType("text/csv; charset=utf-8", compress=True),
    "mutable",
    signatures=(tree.JWS, tree.RAW_SIGNATURE),
    listed=True,
    checks=("V21", "V34"),
    relation="alternate",
)
tree.GROUPS["Register"] += (EXAMPLE,)

from format_table import table_of_files  # noqa: E402
from publishers import NOW, Publisher  # noqa: E402
from register_api.core.api.openapi import description  # noqa: E402
from register_api.core.format.paths import is_path  # noqa: E402
from register_api.hosting.configuration import Site, configuration  # noqa: E402
from register_api.hosting.script import find_served_tree  # noqa: E402
from register_api.publish import artefact_builders  # noqa: E402
from register_api.verify.engine import verify  # noqa: E402
from register_api.verify.fetcher import MemoryFetcher  # noqa: E402
from register_api.verify.options import Options  # noqa: E402
from trees import answer, read_tree  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping

    from register_api.publish.artefact_builders import NewVersion


def example_csv(new: NewVersion) -> bytes:
    """Build the file, which is all that a new kind of file needs besides its row."""
    return "".join(f"{vendor.id},{vendor.name}\r\n" for vendor in new.register.subprocessors).encode()


artefact_builders.ONE[EXAMPLE] = example_csv


def main(folder: Path) -> dict[str, Any]:
    """Publish two versions, and return what each part of the program does with the new file."""
    publisher = Publisher(folder)
    publisher.publish(NOW)
    publisher.publish_note("second", NOW + dt.timedelta(seconds=1))
    files = read_tree(publisher.store / "public")
    path = EXAMPLE.path()
    entry = publisher.snapshot().manifest.files[path]
    catalog = json.loads(files[tree.API_CATALOG.path()])["linkset"][-1]
    damaged = {**files, path: files[path] + b"evil,Evil\r\n"}
    return {
        "paths": [name for name in (path, f"{path}.jws", f"{path}.sig", f"{path}.dsig") if is_path(name)],
        "made": files[path].decode(),
        "stored": [entry.media_type, entry.cache, sorted(entry.encodings)],
        "signed": sorted(name for name in files if name.startswith(f"{path}.")),
        "verified": outcome(files, path),
        "changed": outcome(damaged, path),
        "withheld": outcome({name: data for name, data in files.items() if name != path}, path),
        "catalog": [link for link in catalog["alternate"] if link["href"].endswith(path)],
        "hosts": {
            form: path.replace(".", "\\.") in text or path in text
            for form in ("nginx", "caddy", "headers")
            for text in (configuration(form, Site(public="/srv")),)
        },
        "described": sorted(url for url in description()["paths"] if url.startswith(f"/{path}")),
        "asked_of_hosts": sorted(
            place.path
            for place in find_served_tree(lambda name: answer(files, name)).files
            if path in place.path
        ),
        "to_be_documented": [line for line in table_of_files() if path in line],
    }


def outcome(files: Mapping[str, bytes], path: str) -> dict[str, Any]:
    """Return the result of verifying a tree, and whether a file was requested."""
    fetcher = MemoryFetcher(files)
    report = verify("memory", Options(wait=0), NOW + dt.timedelta(hours=1), fetcher=fetcher).report
    failed = {check.id: check.code for check in report.checks if check.result == "failed"}
    return {"code": report.exit_code, "failed": failed, "asked": path in fetcher.asked}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
