"""The register of this repository, copied and edited as its owner would edit it."""

from __future__ import annotations

import shutil
import tomllib
from typing import TYPE_CHECKING

from commands import ROOT

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

REGISTER = ROOT / "register"

_VENDOR = """\
name = "{name}"
legal_name = "{name}"
seat = "FI"
website = "https://{id}.example/"

[[engagements]]
id = "support"
category = "{category}"
status = "active"
purpose = "Answers questions of customers in Finnish, Swedish and 日本語"
data_scope = ["customer_content"]
data_categories = ["Messages"]
starts_on = {starts_on}
{short_notice}
[[engagements.locations]]
country = "FI"
activities = ["process"]
"""


def copy_register(folder: Path) -> Path:
    """Copy the register's source into a folder."""
    return shutil.copytree(REGISTER, folder / "register")


def vendor_names(source: Path) -> list[str]:
    """Return the names of all vendors as their files say them."""
    return [
        tomllib.loads(path.read_text("utf-8"))["name"] for path in (source / "subprocessors").glob("*.toml")
    ]


def add_vendor(source: Path, id_: str, name: str, starts_on: dt.date, *, short_notice: str = "") -> None:
    """Write a vendor's file that begins on a day, with a reason where its notice is short."""
    register = tomllib.loads((source / "register.toml").read_text("utf-8"))
    text = _VENDOR.format(
        id=id_,
        name=name,
        category=register["categories"][0]["id"],
        starts_on=starts_on.isoformat(),
        short_notice=f'short_notice = {{ reason = "{short_notice}" }}' if short_notice else "",
    )
    (source / "subprocessors" / f"{id_}.toml").write_text(text, "utf-8")


def edit(path: Path, old: str, new: str) -> None:
    """Replace the one place where a text stands."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), "utf-8")
