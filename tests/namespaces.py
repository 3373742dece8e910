"""Runs scripts as root in a private mount namespace (mount_namespaces(7)).

Mounts and users that a script creates vanish when it ends. ``/srv``, ``/opt`` and ``/etc`` are private;
``/opt/register/bin/register-api`` is this project's program, executable by every user.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from programs import Done, environment, run
from tools import missing, need

ROOT = Path(__file__).parents[1]

PRELUDE = r"""
kept=$(mktemp -d)
mount -t tmpfs none "$kept"
number=0
for path in $NEEDED; do
  number=$((number + 1)); mkdir "$kept/$number"; mount --rbind "$path" "$kept/$number"
done
number=0
for path in $NEEDED; do  # what lies in a folder that is closed to others lies in an open one here
  number=$((number + 1))
  setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$path" && continue
  top=/$(echo "$path" | cut -d/ -f2)
  setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$top" || mount -t tmpfs -o mode=755 none "$top"
  mkdir -p "$path"; mount --rbind "$kept/$number" "$path"
done
cp -a /etc "$kept/etc"; mount --bind "$kept/etc" /etc
mount -t tmpfs -o mode=755 none /opt
mount -t tmpfs -o mode=755 none /srv
mkdir -p /opt/register/bin
cat > /opt/register/bin/register-api <<END
#!/bin/sh
PYTHONPATH=$ROOT/src:$ROOT/tests REGISTER_OFFLINE=1 NO_COLOR=1 exec $PYTHON -m register_api "\$@"
END
chmod 755 /opt/register/bin/register-api
"""


def run_mounted(script: str, *words: str | Path) -> Done:
    """Run a bash script that may mount, up to its first error; skip the test unless run as root.

    Args:
        script: The script.
        words: Its arguments ``$1``, ``$2`` and so on.
    """
    if os.geteuid() != 0:
        missing("a user who may mount", "sudo")
    needed = dict.fromkeys((Path(sys.base_prefix).resolve(), Path(sys.prefix), ROOT))
    env = environment(NEEDED=" ".join(map(str, needed)), PYTHON=sys.executable, ROOT=str(ROOT))
    return run(need("unshare"), "--mount", "bash", "-euc", script, "bash", *words, env=env)


def run_alone(script: str, *words: str | Path) -> Done:
    """Run a bash script like ``run_mounted``, after the prelude that sets up private folders."""
    return run_mounted(PRELUDE + script, *words)
