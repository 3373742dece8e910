"""The public Python interface: what is listed is all there is, is described, works as shown."""

from __future__ import annotations

import datetime as dt
import inspect
import re
import shutil
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import register_api.core
import register_api.verify
from memory_folder import memory_folder
from publishers import NOW, Publisher
from register_api.core.canonical import digest
from static_host import static_host

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs/python-api.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)

PUBLIC = [(package, name) for package in (register_api.core, register_api.verify) for name in package.__all__]


def test_the_verifiers_public_names_are_all_it_has() -> None:
    names = [
        name
        for name, value in vars(register_api.verify).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    ]
    assert register_api.verify.__all__ == sorted(names)


def test_the_cores_public_names_are_all_that_it_loads() -> None:
    assert register_api.core.__all__ == sorted(register_api.core._HOMES)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        register_api.core.nothing  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=lambda item: getattr(item, "__name__", item))
def test_a_public_name_is_described_where_it_is_made_and_in_the_documentation(
    package: ModuleType, name: str
) -> None:
    value = getattr(package, name)
    assert re.search(rf"\b{name}\b", PAGE)
    if name != "State":  # a choice of words has no docstring of its own
        assert inspect.getdoc(value)
        assert value.__module__.startswith(package.__name__)


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """Someone who has published one version and promises a period to object."""
    with memory_folder() as folder:
        monkeypatch.chdir(folder)
        publisher = Publisher(folder)
        publisher.say(notice='objection = { days = 14, contact = "mailto:privacy@example.com" }\n')
        publisher.publish()
        yield publisher


def announce(publisher: Publisher) -> None:
    """Publish a second version, which announces a vendor."""
    publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
    publisher.publish(NOW + dt.timedelta(minutes=1))


def test_every_example_runs_against_a_served_register(
    publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first remembers version 1; those after it see version 2."""
    public = publisher.store / "public"
    names: dict[str, Any] = {"ROOT_SHA256": digest((public / "trust/1.root.json").read_bytes())}
    with static_host(public) as base:
        first, *others = (block.replace("https://trust.example.com", base) for block in BLOCKS)
        run(first, names)
        assert capsys.readouterr().out == "Example version 1\nAcme Oy ['Runs the application']\n"
        announce(publisher)
        shutil.copytree(public, "mirror")
        told = []
        for block in others:
            run(block, names)
            told.append(capsys.readouterr().out)
        follow = next(block for block in others if "verified.updates" in block)
        run(follow, names)
        again = capsys.readouterr().out
    start, last = (f"{NOW.date() + dt.timedelta(days=days)}" for days in (40, 14))
    days = {last: "objection_deadline", start: "start"}
    ahead = "".join(
        f"{day}: {what} of beta/hosting mailto:privacy@example.com\n" for day, what in days.items()
    )
    assert again == ahead
    news = told[others.index(follow)]
    assert news.startswith("version 2, ")
    assert "Beta Oy" in news
    assert news.endswith(ahead)
    assert [len(names["verified"].updates), names["result"].report.word] == [0, "verified"]
    assert told[-1].startswith("Acme Oy Runs the application\nadded ")
    assert all(word not in "".join(told) for word in ("exit code", "stopped", "unknown"))


def run(block: str, names: dict[str, Any]) -> None:
    """Run an example of the documentation; those after it see its names."""
    exec(compile(block, "docs/python-api.md", "exec"), names)  # noqa: S102  (that is what is tested)
