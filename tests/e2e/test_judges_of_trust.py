"""Stock TUF clients follow what is served, with two addresses and a root and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import hosts
import pytest
from publications import write_tree
from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.ngclient import Updater

from node_judges import need_package, node
from register_api.core.format import tree

if TYPE_CHECKING:
    from hosts import Site
    from publications import Publication

TARGETS = {
    "register.json": tree.REGISTER.path(),
    "checkpoint": tree.CHECKPOINT.path(),
    "feed.atom": tree.FEED_ATOM.path(),
    "keys.json": tree.KEYS.path(),
}
FIRST_ROOT = f"{tree.TRUST_FOLDER}1.root.json"


def stock_client(site: Site, folder: Path, root: bytes) -> Updater:
    """Return the client of python-tuf as its manual sets it up."""
    for name in ("metadata", "targets"):
        (folder / name).mkdir(exist_ok=True)
    return Updater(
        str(folder / "metadata"),
        f"{site.base}{tree.TRUST_FOLDER}",
        str(folder / "targets"),
        f"{site.base}{tree.TARGETS_FOLDER}",
        bootstrap=root,
    )


def test_python_tuf_fetches_all_targets(site: Site, publication: Publication, tmp_path: Path) -> None:
    """Each is the file at its public path."""
    client = stock_client(site, tmp_path, publication.files[FIRST_ROOT])
    client.refresh()
    for name, path in TARGETS.items():
        target = client.get_targetinfo(name)
        assert target is not None
        assert Path(client.download_target(target)).read_bytes() == site.get(path)


def test_tuf_js_fetches_all_targets(site: Site, publication: Publication, tmp_path: Path) -> None:
    """Each is the file at its public path."""
    need_package("tuf-js")
    root = tmp_path / "1.root.json"
    root.write_bytes(publication.files[FIRST_ROOT])
    fetched = node("follow-trust.mjs", site.base, root, tmp_path, *TARGETS)
    assert len(fetched) == len(TARGETS)
    for file, path in zip(fetched, TARGETS.values(), strict=True):
        assert Path(file).read_bytes() == site.get(path)


def test_python_tuf_refuses_another_target(publication: Publication, tmp_path: Path) -> None:
    """A copy of a target that was changed on its way is not taken."""
    changed = {
        path: data.replace(b"OpenAI", b"0penAI")
        for path, data in publication.files.items()
        if path.endswith(".register.json")
    }
    public = write_tree(tmp_path / "public", {**publication.files, **changed})
    with hosts.static(public) as site:
        client = stock_client(site, tmp_path, publication.files[FIRST_ROOT])
        client.refresh()
        target = client.get_targetinfo("register.json")
        assert target is not None
        with pytest.raises(LengthOrHashMismatchError):
            client.download_target(target)
