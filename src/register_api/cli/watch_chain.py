"""Commands on the chain: uses, depends-on, outside-eea, concentration, suggestions, confirm."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable
from typing import Any

import click
from rich.text import Text

from register_api.cli import options
from register_api.cli.database_options import Watching, answer, watching
from register_api.cli.options import Command
from register_api.cli.output import out
from register_api.core.language.language import count, shorten
from register_api.core.text import escaped
from register_api.watch import chain as chains
from register_api.watch import chain_questions as questions
from register_api.watch.chain import Chain
from register_api.watch.chain_questions import ChainPath

_MAX_PURPOSE = 70

_depth = click.option(
    "--depth",
    type=click.IntRange(1, 10),
    default=questions.DEPTH,
    show_default=True,
    help="Maximum number of steps; 1 is what your vendors use directly.",
)


@click.group()
def chain() -> None:
    """Query the supply chain: your vendors' registers, joined where they list the same company.

    \b
    Examples:
      register-api watch chain uses hoster.example --settings watch.toml
      register-api watch chain outside-eea --settings watch.toml
    """


def _question(ask: Command) -> Any:
    """Add the options that every question takes, and pass it the chain as of the chosen day."""

    @watching
    @click.option("--on", type=options.day, metavar="DAY", help="Effective date.  [default: today]")
    @options.json_option
    @functools.wraps(ask)
    def asked(opened: Watching, on: dt.date | None, as_json: bool, **given: Any) -> None:
        loaded = chains.load(opened.database, on or opened.context.today)
        answer(*ask(loaded, opened, **given), as_json=as_json)

    return asked


_Answer = tuple[object, Iterable[str | Text]]
"""An answer as data for JSON, and as lines of text."""


@chain.command()
@_question
@click.argument("company")
@_depth
def uses(chain: Chain, _opened: Watching, company: str, depth: int) -> _Answer:
    """List which of your vendors use a company, and through whom, by the shortest path.

    COMPANY is a name, a domain, a company number, or an entry such as acme or acme/hoster.

    \b
    Examples:
      register-api watch chain uses hoster.example --settings watch.toml
      register-api watch chain uses "Hoster Inc." --depth 3 --json --settings watch.toml
    """
    return _users(chain, company, depth)


@chain.command("depends-on")
@_question
@click.argument("company")
def depends_on(chain: Chain, _opened: Watching, company: str) -> _Answer:
    """List which of your vendors depend on a company, over any number of steps.

    \b
    Example:
      register-api watch chain depends-on hoster.example --settings watch.toml
    """
    return _users(chain, company, None)


def _users(chain: Chain, company: str, depth: int | None) -> _Answer:
    targets = chain.find(company)
    paths = questions.paths_to(chain, targets, depth)
    asked = [chain.companies[number] for number in targets]
    found = {"asked": asked, "vendors": [_path_row(chain, path) for path in paths]}
    lines: list[str | Text] = []
    for each in asked:
        joined = f"  by {', '.join(each.keys)}" if each.keys else ""
        lines.append(Text(escaped(f"{each.name}: {', '.join(each.entries)}{joined}"), style="bold"))
    for path in paths:
        purposes = shorten("; ".join(chain.purposes[path[-2], path[-1]]), _MAX_PURPOSE)
        lines.append(f"  {len(path) - 1}  {_path(chain, path)}  {escaped(purposes)}")
    lines.append(f"{len(paths)} of {count(sum(each.is_ours for each in chain.companies), 'vendor')}.")
    if len(asked) > 1:
        lines.append("Several companies have that name: register-api watch chain suggestions")
    return found, lines


def _path_row(chain: Chain, path: ChainPath) -> dict[str, Any]:
    companies = [chain.companies[number] for number in path]
    return {
        "vendor": companies[0].name,
        "entries": companies[0].entries,
        "critical": companies[0].is_critical,
        "depth": len(path) - 1,
        "path": [company.name for company in companies],
        "purposes": list(chain.purposes[path[-2], path[-1]]),
    }


def _path(chain: Chain, path: ChainPath) -> str:
    critical = "  critical" if chain.companies[path[0]].is_critical else ""
    return escaped(" → ".join(chain.companies[number].name for number in path)) + critical


@chain.command("outside-eea")
@_question
@_depth
def outside_eea(chain: Chain, _opened: Watching, depth: int) -> _Answer:
    """List processing outside the EEA by your vendors and their sub-processors, with the transfer mechanism.

    \b
    Examples:
      register-api watch chain outside-eea --settings watch.toml
      register-api watch chain outside-eea --depth 1 --on 2027-01-01 --settings watch.toml
    """
    found, unknown = questions.outside_eea(chain, depth), questions.without_place(chain)
    rows = [
        {"country": item.country, "mechanisms": item.mechanisms.split(), **_path_row(chain, item.path)}
        for item in found
    ]
    lines: list[str | Text] = []
    for item in found:
        rests_on = escaped(item.mechanisms.replace(" ", ", ")) or "no personal data"
        lines.append(f"  {escaped(item.country)}  {_path(chain, item.path)}  {rests_on}")
    end = f"{count(len(found), 'place')}; {count(unknown, 'use')} of your vendors without a place."
    return {"places": rows, "without_place": unknown}, [*lines, end]


@chain.command()
@_question
@click.option("--by", type=click.Choice(["company", "country"]), default="company", show_default=True)
@_depth
def concentration(chain: Chain, _opened: Watching, by: str, depth: int) -> _Answer:
    """Count your vendors per company they depend on, or per country of processing.

    \b
    Example:
      register-api watch chain concentration --by country --settings watch.toml
    """
    ask = questions.by_company if by == "company" else questions.by_country
    found = ask(chain, depth)
    return found, [
        f"{share.all:>6}  {escaped(share.what)}  {share.direct} directly,"
        f" {share.all - share.direct} through others, {share.critical} critical"
        for share in found
    ]


@chain.command()
@_question
def suggestions(chain: Chain, opened: Watching) -> _Answer:
    """List entries that share only a name, for you to confirm whether they are one company.

    \b
    Example:
      register-api watch chain suggestions --settings watch.toml
    """
    found = chains.suggestions(opened.database, chain)
    lines = [f"  {each.one}  {each.other}  {escaped(each.name)}" for each in found]
    end = f"{count(len(found), 'suggestion')}." if found else "No suggestions."
    return found, [*lines, end]


@chain.command()
@watching
@click.argument("one")
@click.argument("other")
@click.option("--different", is_flag=True, help="They are different companies; do not suggest them again.")
@click.option("--by", required=True, metavar="NAME", help="Name of the person who decides.")
def confirm(opened: Watching, one: str, other: str, different: bool, by: str) -> None:
    """Record that two entries are the same company, or with --different that they are not.

    \b
    Example:
      register-api watch chain confirm acme/hoster beta/hoster-inc --by Ann --settings watch.toml
    """
    database, at = opened.database, opened.context.at
    known = chains.load(database, opened.context.today)
    chains.confirm(database, known, one, other, same=not different, by=by, at=at)
    out.print(f"{one} and {other}: {'two companies' if different else 'the same company'}.")
