"""Programs that we did not write accept the signatures and the log that are served."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from commands import bash
from documented import documented
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import OKPKey

from node_judges import need_package, node
from register_api.core.format import tree
from sumdb_judge import judge
from tools import need

if TYPE_CHECKING:
    from pathlib import Path

    from commands import Done
    from hosts import Site
    from publications import Publication

SIGNATURES = "docs/format/signatures.md"
FEEDS = "docs/format/feeds.md"
RAW = "-sigfile register.json.sig"
DETACHED = "base64 -w0 register.json"
XML = "xmlsec1 --verify"

CHECKPOINT = """\
sed '/^$/,$d' checkpoint > note
sed '1,/^$/d' checkpoint | cut -d' ' -f3 | base64 -d | tail -c +5 > signature
openssl pkeyutl -verify -pubin -inkey KID.pem -rawin -in note -sigfile signature
"""


def key_of(site: Site, use: str) -> dict[str, Any]:
    """Return the one key for a use as the served list of keys gives it."""
    (key,) = [key for key in json.loads(site.get(tree.KEYS.path()))["keys"] if key["use"] == use]
    return dict(key)


def typed(script: str, site: Site, path: str, use: str, folder: Path) -> Done:
    """Run documented lines on a document in a folder, as someone who types them with its name."""
    kid, name = key_of(site, use)["kid"], PurePosixPath(path).name
    (folder / f"{kid}.pem").write_bytes(site.get(tree.PUBLIC_KEY.path(kid)))
    return bash(script.replace("register.json", name).replace("KID", kid), folder)


@pytest.mark.parametrize("line", [RAW, DETACHED], ids=["sig", "jws"])
def test_openssl_accepts_every_signed_document(
    site: Site, publication: Publication, tmp_path: Path, line: str
) -> None:
    """With the documented lines as they stand: registers, diffs, list of versions, feeds."""
    need("openssl")
    for number, path in enumerate(publication.signed):
        folder = tmp_path / str(number)
        folder.mkdir()
        for suffix in ("", ".sig", ".jws"):
            (folder / f"{PurePosixPath(path).name}{suffix}").write_bytes(site.get(f"{path}{suffix}"))
        done = typed(documented(SIGNATURES, "sh", line), site, path, "document", folder)
        assert (done.returncode, done.stdout) == (0, "Signature Verified Successfully\n"), (path, done.stderr)


def test_what_is_signed_is_what_the_format_says(publication: Publication) -> None:
    """So that the test above looks at all of it."""
    versions = range(1, publication.size + 1)
    fixed = {path for n in versions for path in (tree.VERSION_REGISTER.path(n), tree.VERSION_DIFF.path(n))}
    assert set(publication.signed) == fixed | {
        tree.REGISTER.path(),
        tree.HEADS.path(),
        tree.UPCOMING.path(),
        tree.VERSIONS.path(),
        tree.FEED_ATOM.path(),
        tree.FEED_JSON.path(),
    }


@pytest.mark.parametrize("line", [RAW, DETACHED], ids=["sig", "jws"])
def test_openssl_refuses_another_document(site: Site, tmp_path: Path, line: str) -> None:
    """The documented lines do not say yes to everything."""
    need("openssl")
    for suffix in (".sig", ".jws"):
        (tmp_path / f"register.json{suffix}").write_bytes(site.get(f"{tree.REGISTER.path()}{suffix}"))
    (tmp_path / "register.json").write_bytes(site.get(tree.REGISTER.path()).replace(b"OpenAI", b"0penAI"))
    assert (
        typed(documented(SIGNATURES, "sh", line), site, tree.REGISTER.path(), "document", tmp_path).returncode
        == 1
    )


def test_openssl_accepts_the_checkpoint(site: Site, tmp_path: Path) -> None:
    """The note up to its empty line, and the signature after the four bytes that name the key."""
    need("openssl")
    (tmp_path / "checkpoint").write_bytes(site.get(tree.CHECKPOINT.path()))
    done = typed(CHECKPOINT, site, tree.CHECKPOINT.path(), "log", tmp_path)
    assert done.stdout == "Signature Verified Successfully\n", done.stderr


def test_xmlsec_accepts_the_feed_and_no_other(site: Site, tmp_path: Path) -> None:
    """With the documented line; one letter more is refused."""
    need("xmlsec1")
    for path in (tree.FEED_ATOM.path(), tree.XML_SIGNATURE.of(tree.FEED_ATOM.path())):
        (tmp_path / path).write_bytes(site.get(path))
    done = typed(documented(FEEDS, "sh", XML), site, tree.FEED_ATOM.path(), "feed", tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / tree.FEED_ATOM.path()).write_bytes(site.get(tree.FEED_ATOM.path()) + b"\n")
    assert typed(documented(FEEDS, "sh", XML), site, tree.FEED_ATOM.path(), "feed", tmp_path).returncode == 1


def test_jose_accepts_every_detached_signature(site: Site, publication: Publication) -> None:
    """The most used JOSE library of Node, with the keys as they are served."""
    need_package("jose")
    assert node("verify-jws.mjs", site.base, *publication.signed) == publication.signed


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # docs/adr/0004: what libraries of today read
def test_joserfc_accepts_every_detached_signature(site: Site, publication: Publication) -> None:
    """And refuses it beside another document."""
    key = OKPKey.import_key(key_of(site, "document")["jwk"])
    for path in publication.signed:
        document, signature = site.get(path), site.get(tree.JWS.of(path))
        found = jws.deserialize_compact(signature, key, algorithms=["EdDSA"], payload=document)
        assert found.headers() == {"alg": "EdDSA", "kid": key_of(site, "document")["kid"]}
        with pytest.raises(BadSignatureError):
            jws.deserialize_compact(signature, key, algorithms=["EdDSA"], payload=document + b" ")


def test_sumdb_accepts_the_log(site: Site, publication: Publication, tmp_path: Path) -> None:
    """Go's own log code rebuilds the tree, and finds each older checkpoint and entry in it."""
    key = key_of(site, "log")["note_key"]
    site.save(tmp_path, *(path for path in publication.files if path.startswith("log/")))
    newest = ("-key", key, "-checkpoint", tmp_path / tree.CHECKPOINT.path())
    found = judge("tiles", *newest, "-dir", tmp_path)
    assert found.stdout.startswith(f"ok size {publication.size} root "), found.stderr
    for version in range(1, publication.size + 1):
        proof, entry = tree.VERSION_PROOF.path(version), tree.VERSION_ENTRY.path(version)
        site.save(tmp_path, proof, entry)
        found = judge("inclusion", "-key", key, "-proof", tmp_path / proof, "-entry", tmp_path / entry)
        assert found.stdout.startswith(f"ok entry {version - 1} size {version} root "), found.stderr
        (tmp_path / "old").write_bytes((tmp_path / proof).read_bytes().partition(b"\n\n")[2])
        found = judge("consistency", *newest, "-old", tmp_path / "old", "-dir", tmp_path)
        assert found.stdout == f"ok size {publication.size} continues size {version}\n", found.stderr
