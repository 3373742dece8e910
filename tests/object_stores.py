"""Real object stores on 127.0.0.1: Ceph's S3 gateway over a cluster in memory, and Azurite."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import json
import os
import re
import secrets
import socket
import uuid
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec

import node_judges
import programs
from memory_folder import memory_folder
from patience import PATIENCE, wait_until
from tools import need

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDE = Path(__file__).parent.parent / "docs/deploying.md"


class ObjectStore(msgspec.Struct, frozen=True):
    """An object store with one bucket that is publicly readable but not listable.

    Attributes:
        target: URL of the bucket, as TARGET of `deploy`.
        endpoint: URL of the service.
        public: Public URL, with a slash at the end.
        environment: The credentials, as environment variables.
        process: The server process.
    """

    target: str
    endpoint: str
    public: str
    environment: dict[str, str]
    process: programs.Program


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


_CEPH = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{v2},v1:127.0.0.1:{v1}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {folder}/keyring
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
pid file = {folder}/$name.pid
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
mon allow pool size one = true
mon data avail crit = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
mgr initial modules =
[mon.a]
mon data = {folder}/mon
[mgr.x]
mgr data = {folder}/mgr
[osd.0]
osd data = {folder}/osd
[client.rgw]
rgw data = {folder}/rgw
rgw enable apis = s3
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
"""
"""No replication, no disk; the gateway's pools become active only with a manager."""


@contextlib.contextmanager
def radosgw() -> Iterator[ObjectStore]:
    """Run a Ceph cluster of one monitor, manager, store and gateway while the block runs."""
    names = ("ceph-mon", "ceph-mgr", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "ceph-authtool")
    tools = {name: need(name) for name in (*names, "monmaptool", "curl")}
    with memory_folder() as folder, contextlib.ExitStack() as running:  # socket paths must be short
        port, v1, v2 = _free_port(), _free_port(), _free_port()
        fsid = str(uuid.uuid4())
        configuration = folder / "conf"
        configuration.write_text(_CEPH.format(folder=folder, fsid=fsid, port=port, v1=v1, v2=v2))
        for name in ("mon", "mgr", "osd", "rgw"):
            (folder / name).mkdir()

        def ceph(name: str, *arguments: str) -> str:
            return programs.output_of(tools[name], "-c", configuration, *arguments).decode()

        def daemon(name: str, *arguments: str) -> programs.Program:
            return running.enter_context(programs.started(tools[name], "-c", configuration, "-f", *arguments))

        keyring, full = str(folder / "keyring"), ("--cap", "mon", "allow *", "--cap", "osd", "allow *")
        for name in ("mon.", "client.admin", "mgr.x", "osd.0", "client.rgw"):
            created = ("--create-keyring",) if name == "mon." else ()
            caps = (*full, *(() if name.startswith(("mgr", "osd")) else ("--cap", "mgr", "allow *")))
            programs.output_of(tools["ceph-authtool"], *created, keyring, "--gen-key", "-n", name, *caps)
        addresses = f"[v2:127.0.0.1:{v2},v1:127.0.0.1:{v1}]"
        map_ = str(folder / "monmap")
        programs.output_of(tools["monmaptool"], "--create", "--fsid", fsid, "--addv", "a", addresses, map_)
        ceph("ceph-mon", "--mkfs", "-i", "a", "--monmap", map_, "--keyring", keyring)
        daemon("ceph-mon", "-i", "a")
        wait_until(lambda: _listens(v2))
        daemon("ceph-mgr", "-i", "x")
        osd = str(uuid.uuid4())
        ceph("ceph", "osd", "new", osd)
        ceph("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        daemon("ceph-osd", "-i", "0")
        wait_until(lambda: json.loads(ceph("ceph", "osd", "stat", "-f", "json"))["num_up_osds"] == 1)
        access, secret = secrets.token_hex(8), secrets.token_hex(16)
        user = ("user", "create", "--uid=test", "--display-name=test")
        ceph("radosgw-admin", "-n", "client.rgw", *user, f"--access-key={access}", f"--secret={secret}")
        gateway = daemon("radosgw", "-n", "client.rgw")
        wait_until(lambda: _listens(port))
        bucket = f"http://127.0.0.1:{port}/trust-example-com"
        signed = (tools["curl"], "-sSf", "--aws-sigv4", "aws:amz:us-east-1:s3", "-u", f"{access}:{secret}")
        signed = (*signed, "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD")
        programs.output_of(*signed, "-X", "PUT", bucket)
        programs.output_of(*signed, "-X", "PUT", f"{bucket}?policy=", "--data", _public_policy())
        yield ObjectStore(
            target="s3://trust-example-com",
            endpoint=f"http://127.0.0.1:{port}",
            public=f"{bucket}/",
            environment={"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret},
            process=gateway,
        )


def _public_policy() -> str:
    """Return the public-read policy from the guide."""
    blocks = re.findall(r"^```json\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (policy,) = [block for block in blocks if '"Principal": "*"' in block]
    return json.dumps(json.loads(policy))


@contextlib.contextmanager
def azurite() -> Iterator[ObjectStore]:
    """Run Azurite with one container while the block runs."""
    node_judges.need_package("azurite")
    port, account = _free_port(), "registertest"
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    program = node_judges.MODULES / "azurite/dist/src/blob/main.js"
    command = (need("node"), program, "--silent", "--disableTelemetry", "--blobPort", str(port))
    with (
        memory_folder() as folder,
        programs.started(
            *command,
            "--location",  # its in-memory store stops answering every ten minutes while it cleans up
            folder,
            "--skipApiVersionCheck",
            cwd=folder,
            env=os.environ | {"AZURITE_ACCOUNTS": f"{account}:{key}"},
        ) as server,
    ):
        wait_until(lambda: _listens(port) or server.code() is not None)
        endpoint = f"http://127.0.0.1:{port}/{account}"
        _create_container(endpoint, account, key, "trust-example-com")
        yield ObjectStore(
            target="az://trust-example-com",
            endpoint=endpoint,
            public=f"{endpoint}/trust-example-com/",
            environment={"AZURE_STORAGE_ACCOUNT_NAME": account, "AZURE_STORAGE_ACCOUNT_KEY": key},
            process=server,
        )


def _create_container(endpoint: str, account: str, key: str, name: str) -> None:
    """Create a container with publicly readable blobs (Azure Storage REST, Authorize with Shared Key)."""
    headers = {
        "x-ms-blob-public-access": "blob",
        "x-ms-date": format_datetime(dt.datetime.now(dt.UTC), usegmt=True),
        "x-ms-version": "2021-08-06",
    }
    canonical = "".join(f"{header}:{value}\n" for header, value in headers.items())
    text = "PUT" + "\n" * 12 + f"{canonical}/{account}/{account}/{name}\nrestype:container"
    signature = base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)).decode()
    headers["Authorization"] = f"SharedKey {account}:{signature}"
    httpx.put(f"{endpoint}/{name}?restype=container", headers=headers, timeout=PATIENCE).raise_for_status()
