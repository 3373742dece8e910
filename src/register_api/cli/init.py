"""The command `init`: starts a register."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click
import holidays
import jinja2

from register_api import clock
from register_api.cli.options import PATH, together
from register_api.cli.output import out
from register_api.core.field_forms import EMAIL, LANGUAGE_TAG, LICENSE, LINK, MAX_DAYS, Form
from register_api.core.text import base_url_problem
from register_api.errors import Refused, UsageError
from register_api.files import durable
from register_api.hosting.configuration import Site, configuration
from register_api.source.load import EXAMPLE, load_zone
from register_api.source.toml_values import HEADS, schema_files

_NONE = "none"
"""The answer for no value."""

_LICENSE = "CC0-1.0"
"""The default licence, so that registers may be copied, compared and combined."""
_DOMAIN = r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+"
_COUNTED_YEARS = 3
"""Years whose holidays are written, starting with the current one; R29 warns when they run out."""

_PLAIN_PATH = re.compile(r"[^\x00-\x1f\x7f\"\\$%{};'`]+")
"""Paths without characters that are special in systemd units or nginx configuration."""


class Asked(NamedTuple):
    """A question, answered by an option on the command line or at a prompt."""

    name: str
    text: str
    usual: str
    """The proposed answer; earlier answers are inserted for names in braces."""
    read: Callable[[str], Any]
    """Parses an answer; raises ``UsageError`` if it is invalid."""
    help: str


def _matching(form: str, what: str, hint: str) -> Callable[[str], str]:
    def read(answer: str) -> str:
        if not re.fullmatch(form, answer):
            raise UsageError(f"{answer!r} is not a valid {what}", hint=hint)
        return answer

    return read


def _address(answer: str) -> str:
    url = answer if answer.endswith("/") else f"{answer}/"
    problem = base_url_problem(url)
    if problem is not None:
        raise UsageError(f"{answer!r} {problem}", hint="write it like https://trust.example.com/")
    return url


def _zone(answer: str) -> str:
    try:
        load_zone(answer)
    except Refused as refusal:
        (finding,) = refusal.findings
        raise UsageError(finding.message, hint=finding.hint) from None
    return answer


def _number(answer: str) -> int:
    if not answer.isdecimal() or int(answer) > MAX_DAYS:
        raise UsageError(f"{answer!r} is not a number of days", hint=f"a whole number up to {MAX_DAYS}")
    return int(answer)


def _country(answer: str) -> str | None:
    """Return a country or subdivision whose holidays are known (``DE``, ``DE-BE``), or ``None``."""
    country, _, part = answer.partition("-")
    known = holidays.list_supported_countries()
    if answer == _NONE:
        return None
    if country not in known or (part and part not in known[country]):
        hint = "an ISO 3166 code such as DE, or of a part such as DE-BE; none for none"
        if country in known:
            hint = f"parts of {country}: {', '.join(known[country])}"
        raise UsageError(f"the holidays of {answer!r} are not known", hint=hint)
    return answer


def _of(form: Form, *, or_none: bool = False) -> Callable[[str], str | None]:
    def read(answer: str) -> str | None:
        if or_none and answer == _NONE:
            return None
        if fault := form.fault(answer):
            raise UsageError(fault.message, hint=fault.hint)
        return answer

    return read


QUESTIONS = (
    Asked("name", "Name of your company", "Example Company", str.strip, "Your company's name."),
    Asked("domain", "Your domain", "example.com",
          _matching(_DOMAIN, "domain", "lower-case letters, such as example.com; a name with other letters as"
                    " the Domain Name System has it, such as xn--mller-kva.de"),
          "Your domain, e.g. example.com; part of the register's permanent name."),
    Asked("url", "Address at which the register will be published", "https://trust.{domain}/", _address,
          "Address of the register's root."),
    Asked("contact", "Email address for privacy questions", "privacy@{domain}", _of(EMAIL),
          "Email address for privacy questions."),
    Asked("time_zone", "Time zone in which days are counted", "UTC", _zone,
          "IANA name of the time zone in which days are counted, e.g. Europe/Berlin."),
    Asked("notice_days", "Days of notice you promise", "30", _number, "Days of notice that you promise."),
    Asked("day_count", "Counted as calendar or business days", "calendar",
          _matching("calendar|business", "way of counting days", "calendar, or business"),
          "Whether these are calendar or business days (Monday to Friday without holidays)."),
    Asked("holidays", "Country whose public holidays do not count, such as DE or DE-BE (none for none)",
          _NONE, _country,
          "Country, or part of one, whose public holidays are not business days, e.g. DE or DE-BE."),
    Asked("objection", "Where customers object, mailto: or https: (none for no way to object)",
          "mailto:{contact}", _of(LINK, or_none=True),
          "Where customers object to what was announced: mailto: or https:."),
    Asked("language", "Language of your texts", "en", _of(LANGUAGE_TAG),
          "Language of your texts (BCP 47); pages are in English, or in German for de."),
    Asked("license", "Licence for reuse of the data (none for no licence)", _LICENSE,
          _of(LICENSE, or_none=True),
          "Licence for reuse of the data: an SPDX identifier or an https URL; none for no licence."),
)  # fmt: skip


def _answers(given: Mapping[str, str | None], *, interactive: bool) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for question in QUESTIONS:
        option, usual = given[question.name], question.usual.format(**answers)
        needless = question.name == "holidays" and answers["day_count"] != "business"
        if option is None and interactive and not needless:
            answers[question.name] = _ask(question, usual)
        else:
            answers[question.name] = question.read(usual if option is None else option)
    return answers


def _ask(question: Asked, usual: str) -> Any:
    def read(answer: str) -> Any:
        try:
            return question.read(answer.strip())
        except UsageError as error:  # click repeats the prompt
            raise click.UsageError(f"{error.message}: {error.hint}") from None

    return click.prompt(question.text, default=usual, value_proc=read)


def _holidays_of(place: str | None, day: dt.date) -> list[dt.date]:
    """Return the public holidays of a country or subdivision that fall on Monday to Friday."""
    if place is None:
        return []
    country, _, part = place.partition("-")
    years = range(day.year, day.year + _COUNTED_YEARS)
    found = holidays.country_holidays(country, subdiv=part or None, years=years)
    return sorted(each for each in found if each.isoweekday() <= 5)  # noqa: PLR2004 - Friday


_TEMPLATES = {
    "register.toml.j2": "register/register.toml",
    "subprocessors/example-host.toml.j2": "register/subprocessors/example-host.toml",
    "gitignore.j2": ".gitignore",
    "keys/README.md.j2": "keys/README.md",
    "deploy/register-api.service.j2": "deploy/register-api.service",
    "deploy/register-api.socket.j2": "deploy/register-api.socket",
    "deploy/register-api-refresh.service.j2": "deploy/register-api-refresh.service",
    "deploy/register-api-refresh.timer.j2": "deploy/register-api-refresh.timer",
}
"""Templates and the files made from them."""

_NGINX_NOTE = (
    "The published tree as a static site: nobody has to trust this host, since all of it is signed.",
    "",
    "  sudo cp deploy/nginx.conf /etc/nginx/conf.d/register.conf",
    "  sudo nginx -t && sudo systemctl reload nginx",
    "",
    "The path is that of the machine on which `register-api init` ran; nginx has to be able to read it.",
    "",
)


_NEXT = """\
Next:
  cd {folder}
  edit register/register.toml and register/subprocessors/
  register-api check                               what is wrong
  register-api publish --reason "First version"    makes your keys in var/keys/: keep a copy of them elsewhere
  register-api serve                               or let a web server host var/store/public: see deploy/
For a company, read keys/README.md before the first publish: it decides how many root keys there are."""


@click.command()
@click.argument("folder", type=PATH)
@together(
    *(click.option(f"--{each.name.replace('_', '-')}", each.name, help=each.help) for each in QUESTIONS)
)
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
    answers = _answers(given, interactive=sys.stdin.isatty())
    files = _files(folder, answers)
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise UsageError(f"{folder} already has {', '.join(there)}; nothing was written")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        durable.create(folder / name, text.encode("utf-8"))
    out.print(f"Wrote {', '.join(files)} in {folder}.")
    out.print(_NEXT.format(folder=folder))


def _files(folder: Path, answers: dict[str, Any]) -> dict[str, str]:
    path = str(folder.absolute())
    if not _PLAIN_PATH.fullmatch(path):
        hint = "choose a folder of letters, digits, - and _"
        raise UsageError(f"{path!a} cannot stand in configuration files", hint=hint)
    program = str(Path(sys.executable).parent / "register-api")
    known = answers | {
        "holidays": _holidays_of(answers["holidays"], clock.now().date()),
        "heads": HEADS,
        "folder": path,
        "program": program if _PLAIN_PATH.fullmatch(program) else "/usr/local/bin/register-api",
        "user": getpass.getuser(),
    }
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("register_api.cli"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701  (no HTML: strings go through the filter of their language)
    )
    environment.filters["toml"] = lambda text: json.dumps(text, ensure_ascii=False)
    # Quotes an argument for a systemd unit (systemd.syntax, Quoting).
    environment.filters["unit"] = lambda word: f'"{word}"' if " " in word else word
    files = {name: environment.get_template(at).render(known) for at, name in _TEMPLATES.items()}
    files[f"register/{EXAMPLE.name}"] = EXAMPLE.read_text("utf-8")
    files |= {f"register/{name}": text for name, text in schema_files().items()}
    host = str(urlsplit(answers["url"]).hostname)
    site = Site(public=f"{path}/var/store/public", name=host, note=_NGINX_NOTE)
    return files | {"deploy/nginx.conf": configuration("nginx", site)}
