"""The exit code of ``verify`` says what kind of thing was changed, and the command says it in words."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import hosts
import pytest
from commands import register_api
from publications import write_tree
from tampering import change, check, flip, lengthen

from register_api.core import tree
from verify_outcome import failed

if TYPE_CHECKING:
    from pathlib import Path

    from publications import Publication

OLD_PROOF = tree.version_proof(2)
FIRST_ROOT = f"{tree.TRUST_URL}1.root.json"
XML_SIGNATURE = tree.feed_signature(tree.FEED_ATOM)

PLACES = (
    (f"{tree.REGISTER}.jws", rb"\.\.(.)", "signature", 12),
    (tree.TIMESTAMP, rb'"version":(\d)}', "version of the snapshot", 12),
    (tree.TIMESTAMP, rb'"sig":"(.)', "signature", 12),
    (tree.TIMESTAMP, rb'"keyid":"(.)', "key", 16),
    (FIRST_ROOT, rb'"sig":"(.)', "signature", 16),
    (OLD_PROOF, rb"index \d+\n(.)", "hash", 12),
    (OLD_PROOF, rb"\n\n\S+\n\d+\n(.)", "root", 12),
    (OLD_PROOF, rb"\xe2\x80\x94 \S+ .{8}(.)", "signature", 12),
    (OLD_PROOF, rb"\xe2\x80\x94 (.)", "signer", 16),
    (OLD_PROOF, rb"c2sp.org/tlog-proof@v(1)", "form", 11),
    ("log/tile/entries/000.p/5", rb"^(.)", "length", 11),
    (XML_SIGNATURE, rb"DigestValue>(.)", "digest", 12),
    (XML_SIGNATURE, rb"SignatureValue>(.)", "signature", 12),
    (XML_SIGNATURE, rb"KeyName>(.)", "key", 16),
    (XML_SIGNATURE, rb'URI="(f)eed', "reference", 12),
)
"""Path, pattern whose group is the byte to change, what stands there, and the code."""


@pytest.mark.parametrize(
    ("path", "pattern", "code"),
    [pytest.param(path, pattern, code, id=f"{path}: {what}") for path, pattern, what, code in PLACES],
)
def test_the_code_says_what_was_changed(
    publication: Publication, path: str, pattern: bytes, code: int
) -> None:
    """A signature or digest that does not fit is forged, a key that nobody named is not trusted."""
    report = check({**publication.files, path: change(publication.files[path], pattern)})
    assert report.exit_code == code, failed(report)


@pytest.mark.parametrize(
    ("member", "other", "code"), [("alg", b"none", 11), ("alg", b"HS256", 11), ("kid", b"", 16)]
)
def test_a_jws_header_is_taken_as_the_format_has_it_or_not_at_all(
    publication: Publication, member: str, other: bytes, code: int
) -> None:
    """Another algorithm is malformed; a key that is good for something else is not trusted."""
    path = tree.jws(tree.REGISTER)
    encoded, _, signature = publication.files[path].split(b".")
    header = json.loads(base64.urlsafe_b64decode(encoded + b"=="))
    keys = json.loads(publication.files[tree.KEYS])["keys"]
    log_kid = next(key["kid"] for key in keys if key["use"] == "log")
    header[member] = other.decode() or log_kid
    changed = base64.urlsafe_b64encode(json.dumps(header, separators=(",", ":")).encode()).rstrip(b"=")
    assert check({**publication.files, path: changed + b".." + signature}).exit_code == code


def test_another_root_than_the_contract_says_is_forged(publication: Publication) -> None:
    """With its digest from elsewhere, even a newline more is found at once."""
    digest = hashlib.sha256(publication.files[FIRST_ROOT]).hexdigest()
    assert check(publication.files, root_sha256=digest).exit_code == 0
    changed = {**publication.files, FIRST_ROOT: lengthen(publication.files[FIRST_ROOT])}
    assert check(changed, root_sha256=digest).exit_code == 12


BY_COMMAND = (
    (tree.REGISTER, flip, 12, "forged", tree.REGISTER),
    (f"{tree.VERSIONS}.sig", lengthen, 11, "malformed", f"{tree.VERSIONS}.sig"),
    (tree.version_entry(2), flip, 12, "forged", tree.version_entry(2)),
    ("log/tile/0/000.p/5", flip, 12, "forged", "the log's tiles"),
    (FIRST_ROOT, lambda data: change(data, rb'"sig":"(.)'), 16, "untrusted key", "the root is not signed"),
    (tree.TIMESTAMP, lambda data: change(data, rb'"sig":"(.)'), 12, "forged", tree.TIMESTAMP),
)
"""Path, what is done with the file, the code, its word, and what the report names."""


def test_the_command_says_so_too(publication: Publication, tmp_path: Path) -> None:
    """Over HTTP, from a plain static host: the exit code, the kind in words, and what is concerned."""
    for number, (path, damage, *_) in enumerate(BY_COMMAND):
        write_tree(tmp_path / str(number), {**publication.files, path: damage(publication.files[path])})
    with hosts.static(tmp_path, tmp_path) as site, ThreadPoolExecutor(len(BY_COMMAND)) as pool:
        bases = [f"{site.base}{number}" for number in range(len(BY_COMMAND))]
        outcomes = list(pool.map(lambda base: register_api("verify", base), bases))
    assert [done.returncode for done in outcomes] == [code for _, _, code, *_ in BY_COMMAND]
    for done, (_, _, code, word, concerned) in zip(outcomes, BY_COMMAND, strict=True):
        assert f"NOT VERIFIED ({word}, exit code {code})" in done.stdout
        assert f"{word}: " in done.stdout
        assert concerned in done.stdout
