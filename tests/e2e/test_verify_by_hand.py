"""What both pages on verifying by hand tell people to type works, against a plain static host."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

import pytest

from node_judges import MODULES, need_package
from programs import Done, environment, output_of, run
from register_api.core.log.note import parse_verifier_key
from static_host import static_host
from time_authority import authority, honest
from tools import need
from witnesses import Partner, serving

ROOT = Path(__file__).parents[2]
GUIDE = "".join(
    (ROOT / page).read_text("utf-8") for page in ("docs/verify-by-hand.md", "docs/more-by-hand.md")
)
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Return the ``public`` folder of a store with two versions of the example register."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(ROOT / "register", folder / "register")
    publish = (BIN / "register-api", "publish")
    output_of(*publish, cwd=folder)
    stamp = ["--time-authority-certificate", authority().root]
    source = folder / "register/register.toml"
    text = re.sub(r"updated_on = .*", "updated_on = 2026-05-11", source.read_text("utf-8"), count=1)
    source.write_text(text, "utf-8")
    with honest() as asked:
        stamp += ["--time-authority", asked.url]
        output_of(*publish, *stamp, cwd=folder)
    public = folder / "var/store/public"
    (public.parent / "witness").write_text(cosigned(folder, public), "utf-8")
    return public


def cosigned(folder, public):
    """Let a witness sign the newest checkpoint; return its verifier key."""
    keys = json.loads((public / "v1/keys.json").read_bytes())["keys"]
    log = parse_verifier_key(next(key["note_key"] for key in keys if key["use"] == "log"))
    made = (Partner(folder / f"witness-{number}") for number in itertools.count())
    partner = next(one for one in made if one.vkey.count("+") > 2)  # a plus in base64: the harder case
    with serving(partner.open(log), lambda: int(time.time())) as url:
        (folder / "policy").write_text(f"witness w {partner.vkey} {url}\nquorum w\n")
        output_of(BIN / "register-api", "refresh", "--policy", "policy", cwd=folder)
    return partner.vkey


@pytest.fixture
def host(published, tmp_path):
    """Serve a copy of what was published; return its folder and address."""
    copy = tmp_path / "host"
    shutil.copytree(published, copy)
    witness = (published.parent / "witness").read_text("utf-8")
    with static_host(copy) as base:
        yield copy, base, witness


def script(base: str, witness: str) -> str:
    """Return the guide's code blocks as one script; programs that it tells to save become files."""
    parts = ["set -e"]
    for block in re.finditer(r"^( *)```(\w+)\n(.*?)^ *```", GUIDE, re.DOTALL | re.MULTILINE):
        code = re.sub(rf"^{block[1]}", "", block[3], flags=re.MULTILINE)
        if block[2] in {"python", "js"}:
            name = re.findall(r"`(\w+\.(?:py|mjs))`", GUIDE[: block.start()])[-1]
            parts.append(f"cat > {name} <<'END OF FILE'\n{code}END OF FILE")
        else:
            parts.append(code)
    text = re.sub(r"^BASE=.*$", f"BASE={base}", "\n".join(parts), count=1, flags=re.MULTILINE)
    return re.sub(r"^WITNESS=.*$", f"WITNESS='{witness}'", text, count=1, flags=re.MULTILINE)


def run_guide(base: str, folder: Path, witness: str) -> Done:
    """Do what the guide says in an empty folder."""
    for program in ("bash", "curl", "openssl", "sha256sum", "xmlsec1", "node"):
        need(program)
    for package in ("jose", "tuf-js"):
        need_package(package)
    (folder / "tsa-root.pem").write_bytes(authority().root.read_bytes())
    (folder / "node_modules").symlink_to(MODULES)
    env = environment(PATH=f"{BIN}:{os.environ['PATH']}", HOME=str(folder))
    return run("bash", "-c", script(base, witness), cwd=folder, env=env)


def test_everything_in_the_guide_works(host, tmp_path):
    _, base, witness = host
    done = run_guide(base, tmp_path, witness)
    assert done.returncode == 0, done.stdout + done.stderr
    root = (tmp_path / "check/checkpoint").read_text("utf-8").splitlines()[2]
    assert done.stdout.count("Signature Verified Successfully") == 7
    assert f"{root} holds" in done.stdout
    assert f"\n2 {root}\n" in done.stdout
    assert done.stderr.startswith("OK\n") or "\nOK\n" in done.stdout + done.stderr
    assert "\nVerified: " in done.stdout
    assert (done.stdout + done.stderr).count("Verification: OK") == 2
    assert done.stdout.count("Timestamp:   size 2 at ") == 2


def test_the_guide_finds_a_register_that_the_host_has_changed(host, tmp_path):
    folder, base, witness = host
    path = folder / "v1/register.json"
    path.write_bytes(path.read_bytes().replace(b"Hetzner", b"Hetznar"))
    done = run_guide(base, tmp_path, witness)
    assert done.returncode != 0
    assert "Signature Verification Failure" in done.stdout + done.stderr


def test_the_guide_finds_an_entry_that_is_not_in_the_log(host, tmp_path):
    folder, base, witness = host
    path = folder / "v1/versions/2/entry.json"
    path.write_bytes(path.read_bytes().replace(b'"version":2', b'"version":3'))
    assert "DOES NOT HOLD" in run_guide(base, tmp_path, witness).stdout


def test_the_guide_finds_a_witness_line_of_another_time(host, tmp_path):
    folder, base, witness = host
    path = folder / "log/checkpoint"
    data = path.read_bytes()
    place = data.rindex(b" ") + 14  # within the time: the 5th to 12th byte
    path.write_bytes(data[:place] + (b"B" if data[place : place + 1] != b"B" else b"C") + data[place + 1 :])
    done = run_guide(base, tmp_path, witness)
    assert done.stdout.count("Signature Verified Successfully") == 3
    assert "Signature Verification Failure" in done.stdout + done.stderr
