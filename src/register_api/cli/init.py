"""The command that starts a register: init."""

from __future__ import annotations

import getpass
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import jinja2

from register_api import clock
from register_api.cli.init_questions import QUESTIONS, answers, holidays_of
from register_api.cli.output import out
from register_api.errors import UsageError
from register_api.files import durable
from register_api.hosting.configuration import Site, configuration
from register_api.source.editor_schema import HEADS, schema_files
from register_api.source.load import EXAMPLE

_PLAIN_PATH = re.compile(r"[^\x00-\x1f\x7f\"\\$%{};'`]+")
"""What units of systemd and nginx can both name; the rest means something to one of them."""


def install_paths(folder: Path) -> dict[str, str]:
    """Return what the templates in ``deploy`` need."""
    path = str(folder.absolute())
    if not _PLAIN_PATH.fullmatch(path):
        raise UsageError(
            f"{path!a} cannot stand in configuration files",
            hint="choose a folder of letters, digits, - and _",
        )
    return {"folder": path, "program": _program(), "user": getpass.getuser()}


def in_unit(word: str) -> str:
    """Return one argument as a unit of systemd writes it (systemd.syntax, Quoting)."""
    return f'"{word}"' if " " in word else word


def _program() -> str:
    """Return the path of the command that is running, by which a unit can start it."""
    beside = Path(sys.executable).parent / "register-api"
    return str(beside) if _PLAIN_PATH.fullmatch(str(beside)) else "/usr/local/bin/register-api"


_FILES = {
    "register.toml.j2": "register/register.toml",
    "subprocessors/example-host.toml.j2": "register/subprocessors/example-host.toml",
    "gitignore.j2": ".gitignore",
    "keys/README.md.j2": "keys/README.md",
    "deploy/register-api.service.j2": "deploy/register-api.service",
    "deploy/register-api.socket.j2": "deploy/register-api.socket",
    "deploy/register-api-refresh.service.j2": "deploy/register-api-refresh.service",
    "deploy/register-api-refresh.timer.j2": "deploy/register-api-refresh.timer",
}
"""Template to the file that it becomes."""

_EXAMPLE = f"register/{EXAMPLE.name}"
_SCHEMAS = {f"register/{name}": text for name, text in schema_files().items()}
_NGINX = "deploy/nginx.conf"

_NGINX_NOTE = (
    "The published tree as a static site: nobody has to trust this host, since all of it is signed.",
    "",
    "  sudo cp deploy/nginx.conf /etc/nginx/conf.d/register.conf",
    "  sudo nginx -t && sudo systemctl reload nginx",
    "",
    "The path is that of the machine on which `register-api init` ran; nginx has to be able to read it.",
    "",
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each question, in their order."""
    for question in reversed(QUESTIONS):
        name = f"--{question.name.replace('_', '-')}"
        command = click.option(name, question.name, help=question.help)(command)
    return command


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_options
def init(folder: Path, **given: str | None) -> None:
    """Create a new register in FOLDER: commented source files to edit, and files for hosting.

    Prompts for each value not given as an option, and prompts again after an invalid answer. Without a
    terminal it uses placeholder names on example.com for you to replace. Existing files are never
    overwritten. The first publish creates the keys.

    \b
    Examples:
      register-api init trust
      register-api init trust --name "Acme Inc." --domain acme.example --notice-days 30
      register-api init trust --time-zone Europe/Berlin --day-count business --holidays DE-BE
    """
    said = answers(given, interactive=sys.stdin.isatty())
    listed = holidays_of(said["holidays"], clock.now().date())
    _refuse_existing(folder)
    known = {**said, "holidays": listed, "heads": HEADS, **install_paths(folder)}
    for template, target in _FILES.items():
        _write(folder / target, _render(template, known))
    _write(folder / _EXAMPLE, EXAMPLE.read_text("utf-8"))
    for target, text in _SCHEMAS.items():
        _write(folder / target, text)
    host = str(urlsplit(said["url"]).hostname)
    site = Site(public=f"{known['folder']}/var/store/public", name=host, note=_NGINX_NOTE)
    _write(folder / _NGINX, configuration("nginx", site))
    _print_next_steps(folder)


def _refuse_existing(folder: Path) -> None:
    """Refuse before anything is written."""
    there = [
        target for target in (*_FILES.values(), _EXAMPLE, *_SCHEMAS, _NGINX) if (folder / target).exists()
    ]
    if there:
        raise UsageError(f"{folder} already has {', '.join(there)}; nothing was written")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    durable.create(path, text.encode("utf-8"))


def _render(template: str, known: dict[str, Any]) -> str:
    loader = jinja2.PackageLoader("register_api.cli")
    environment = jinja2.Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701  (no HTML: strings go through the filter of their language)
    )
    environment.filters["toml"] = lambda text: json.dumps(text, ensure_ascii=False)
    environment.filters["unit"] = in_unit
    return environment.get_template(template).render(known)


_NEXT = """\
Next:
  cd {folder}
  edit register/register.toml and register/subprocessors/
  register-api check                               what is wrong
  register-api publish --reason "First version"    makes your keys in var/keys/: keep a copy of them elsewhere
  register-api serve                               or let a web server host var/store/public: see deploy/
For a company, read keys/README.md before the first publish: it decides how many root keys there are."""


def _print_next_steps(folder: Path) -> None:
    out.print(
        f"Wrote {', '.join((*_FILES.values(), _EXAMPLE, *_SCHEMAS, _NGINX))} in {folder}.", markup=False
    )
    out.print(_NEXT.format(folder=folder), markup=False)
