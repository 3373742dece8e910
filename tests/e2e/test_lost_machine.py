"""From a lost machine to running again, by the commands of docs/lost-machine.md as they are printed."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from typing import TYPE_CHECKING

import httpx
from commands import BIN, ROOT

from memory_folder import memory_folder
from patience import PATIENCE, wait_until
from programs import environment, run, started
from publishers import NOW, Publisher
from register_api.core.format import tree
from static_host import static_host

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs/lost-machine.md").read_text("utf-8")
BACKUP, RECOVER, SOURCE, RUN = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


MINUTE = dt.timedelta(minutes=1)


class Machine(Publisher):
    """A publisher whose folders are where the commands look by themselves."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder)
        self.store, self.keys = folder / "var/store", folder / "var/keys"


def typed(lines: str, folder: Path) -> str:
    """Carry out lines in a folder, up to the first that fails, and return what they say."""
    env = environment(PATH=f"{BIN}:/usr/bin:/bin", REGISTER_OFFLINE="1", NO_COLOR="1")
    done = run("bash", "-euo", "pipefail", "-c", lines, cwd=folder, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_lost_machine_runs_again_from_what_is_public_and_the_keys() -> None:
    """Source and store are lost; a customer who remembers the old machine accepts what the new one signs."""
    with memory_folder() as folder:
        old = Machine(folder / "old")
        old.publish_note("first", NOW)
        old.publish_note("second", NOW + MINUTE)
        (old.folder / "keys").mkdir()
        shutil.copy(old.store / "public" / tree.ROOT.path(1), old.folder / "keys")
        assert old.verify(folder / "customer").exit_code == 0
        typed(BACKUP, old.folder)
        new = folder / "new"
        new.mkdir()
        shutil.copytree(old.folder / "backup", new / "backup")
        public = shutil.move(old.store / "public", folder / "hosted")
        shutil.rmtree(old.folder)
        with static_host(public) as base:
            typed(RECOVER.replace("https://trust.example.com", base), new)
            said = typed(SOURCE.replace("https://trust.example.com", base), new)
        assert "Nothing has changed since version 2" in said
        env = environment(REGISTER_OFFLINE="1", PORT="0")
        with started(BIN / "register-api", *RUN.split()[1:], cwd=new, env=env) as service:
            address = service.first_line()
            wait_until(lambda: httpx.get(f"{address}readyz", timeout=PATIENCE).is_success)
            served = httpx.get(address + tree.REGISTER.path(), timeout=PATIENCE).content
        assert served == (public / tree.REGISTER.path()).read_bytes()
        typed("sed -i s/second/third/ register/register.toml; register-api publish", new)
        assert Machine(new).verify(folder / "customer").exit_code == 0
        assert list(Machine(new).registers()) == [1, 2, 3]
