"""Postfix and opendkim in temporary folders, on 127.0.0.1, relaying to the test's mail server."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import programs
from patience import wait_until
from tools import missing, need

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.example.com
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{relay}
smtp_dns_support_level = disabled
recipient_delimiter = +
smtpd_milters = inet:127.0.0.1:{milter}
non_smtpd_milters = inet:127.0.0.1:{milter}
alias_maps =
local_transport = error:nobody lives here
"""

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""

_DKIM = """
Mode s
Domain example.com
Selector test
KeyFile {folder}/dkim/test.private
Socket inet:{milter}@127.0.0.1
Syslog no
RequireSafeKeys no
PidFile {folder}/dkim/pid
UserID opendkim
InternalHosts 127.0.0.1
{documented}
"""


def free_port() -> int:
    """Return a currently free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def postfix(relay: int, sign_headers: str) -> Iterator[tuple[int, bytes]]:
    """Run both while the block runs; skip the test if they or the rights that postfix needs are missing.

    Args:
        relay: Port of the server that postfix hands mails to.
        sign_headers: Configuration lines of opendkim, from the documentation.

    Yields:
        The submission port, and the DKIM record of the key.
    """
    need("postfix")
    need("opendkim")
    if os.getuid() != 0:
        missing("the right to start postfix", "run the tests as root")
    folder = Path(tempfile.mkdtemp(prefix="postfix", dir="/tmp"))
    folder.chmod(0o755)
    port, milter = free_port(), free_port()
    said = {"folder": folder, "relay": relay, "milter": milter, "port": port, "documented": sign_headers}
    try:
        for name in ("queue", "data", "etc", "dkim"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        (folder / "etc/main.cf").write_text(_MAIN.format(**said), "utf-8")
        (folder / "etc/master.cf").write_text(_MASTER.format(**said), "utf-8")
        (folder / "dkim.conf").write_text(_DKIM.format(**said), "utf-8")
        record = _make_key(folder / "dkim")
        with programs.started("opendkim", "-f", "-x", folder / "dkim.conf") as signer:
            wait_until(lambda: _listens(milter) or signer.code() is not None)
            assert signer.code() is None, signer.errors()
            with programs.started("postfix", "-c", folder / "etc", "start-fg") as server:
                wait_until(lambda: _listens(port) or server.code() is not None)
                assert server.code() is None, (server.errors(), server.output())
                try:
                    yield port, record
                finally:  # its processes are in their own process group
                    programs.run("postfix", "-c", folder / "etc", "abort")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_key(folder: Path) -> bytes:
    """Create the signing key and return its DNS record."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - here alone
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    from register_api.core import strict_base64  # noqa: PLC0415

    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    path = folder / "test.private"
    path.write_bytes(pem)
    path.chmod(0o600)
    shutil.chown(path, "opendkim")
    shutil.chown(folder, "opendkim")
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"v=DKIM1; k=rsa; p={strict_base64.encode(public)}".encode()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
