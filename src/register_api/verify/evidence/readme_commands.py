"""The part of README.txt that is typed: commands for a shell with openssl 3, sha256sum and base64.

Nothing that a publisher wrote stands in a command: only numbers, and key ids whose form was checked.
"""

from __future__ import annotations

import msgspec

_BY_HAND = r"""
By hand, with openssl 3, sha256sum, base64 and a shell, in the folder of this file:

    V=v1/versions/VERSION

1. The publisher signed the register and the list of what changed. Each command must say
   "Signature Verified Successfully":

    for f in $V/register.json $V/diff.json; do
      openssl pkeyutl -verify -pubin -inkey v1/keys/DOCUMENT.pem -rawin -in $f -sigfile $f.sig
    done

2. The log's entry names the SHA-256 of both. Each line must end in "OK":

    tr '{' '\n' < $V/entry.json > named
    sed -n 's/^"path":"\([^"]*\)","sha256":"\([0-9a-f]*\)".*/\2  \1/p' named | sha256sum -c

3. The log's checkpoint at that time stands in the proof, signed with the log's key:

    sed '1,/^$/d' $V/entry.tlog-proof > checkpoint
    sed '/^$/,$d' checkpoint > note
    grep "^— $(head -n 1 note) " checkpoint | head -n 1 | cut -d' ' -f3 | base64 -d | tail -c 64 > note.sig
    openssl pkeyutl -verify -pubin -inkey v1/keys/LOG.pem -rawin -in note -sigfile note.sig

4. The log of that checkpoint holds the entry (RFC 6962 section 2.1.1). The last command must say so:

    sha() { openssl dgst -sha256 -binary; }
    index=$(sed -n 's/^index //p' $V/entry.tlog-proof)
    last=$(($(sed -n 2p note) - 1))
    { printf '\000'; cat $V/entry.json; } | sha > node
    for hash in $(sed '1,/^index /d; /^$/,$d' $V/entry.tlog-proof); do
      printf %s "$hash" | base64 -d > other
      if [ $((index % 2)) = 1 ] || [ "$index" = "$last" ]; then
        { printf '\001'; cat other node; } | sha > next
        while [ "$index" != 0 ] && [ $((index % 2)) = 0 ]; do index=$((index / 2)) last=$((last / 2)); done
      else
        { printf '\001'; cat node other; } | sha > next
      fi
      mv next node; index=$((index / 2)) last=$((last / 2))
    done
    [ "$last" = 0 ] && [ "$(base64 < node)" = "$(sed -n 3p note)" ] && echo 'The log holds the entry.'

5. Both keys are in the publisher's list of keys, and the trust metadata names the SHA-256 of that
   list. Three lines must be printed:

    for key in v1/keys/DOCUMENT.pem v1/keys/LOG.pem; do
      grep -qF -e "$(sed 's/$/\\n/' $key | tr -d '\n')" v1/keys.json && echo "$key is listed"
    done
    grep -o "$(sha256sum < v1/keys.json | cut -c 1-64)" trust/TARGETS.targets.json

6. All trust begins with the first root. Compare this line with your contract:

    sha256sum trust/1.root.json
"""


_BY_HAND_STAMP = r"""
7. A time-stamping authority signed that this log existed at a time (RFC 3161), independently of the
   publisher's clock. STAMPED
   AUTHORITY is the authority's root certificate, from your contract or from the authority itself.
   The time is printed first; then it must say "Verification: OK", also after certificates expired:

    AUTHORITY=${AUTHORITY:-authority.pem}
    COMMAND > stamped
    openssl ts -reply -in log/checkpoints/SIZE.tsr -text | grep '^Time stamp:' | tee at
    at=$(date -u -d "$(sed 's/^Time stamp: //; s/[.][0-9]*//' at)" +%s)
    openssl ts -verify -in log/checkpoints/SIZE.tsr -data stamped -CAfile "$AUTHORITY" -attime "$at"
"""

_OWN_STAMP = (
    "What is stamped is the checkpoint in this version's own proof.",
    "sed '1,/^$/d' $V/entry.tlog-proof",
)
_NEWEST_STAMP = (
    """\
What is stamped is the newest checkpoint, without lines of witnesses; that
   its log begins with that of this version, verify --offline finds from the tiles.""",
    """{ sed '/^$/q' log/checkpoint; grep "^— $(head -n 1 log/checkpoint) " log/checkpoint | head -n 1; }""",
)


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What is filled into the commands.

    Attributes:
        version: Number of the version.
        document_kid: Key id of the document key good for it.
        log_kid: Key id of the log key good for it.
        targets_version: Number of the targets metadata.
        stamped_size: Size of the log whose checkpoint is time-stamped, if one is.
    """

    version: int
    document_kid: str
    log_kid: str
    targets_version: int
    stamped_size: int | None


def commands_by_hand(names: Names) -> str:
    """Return the steps, each a sentence and, indented by four spaces, its commands."""
    filled = _BY_HAND.replace("VERSION", str(names.version), 1)
    filled = filled.replace("TARGETS", str(names.targets_version), 1)
    filled = filled.replace("DOCUMENT", names.document_kid).replace("LOG", names.log_kid)
    return filled + _stamp_by_hand(names)


def _stamp_by_hand(names: Names) -> str:
    if names.stamped_size is None:
        return ""
    stamped, command = _OWN_STAMP if names.stamped_size == names.version else _NEWEST_STAMP
    filled = _BY_HAND_STAMP.replace("STAMPED", stamped).replace("COMMAND", command)
    return filled.replace("SIZE", str(names.stamped_size))
