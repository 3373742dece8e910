"""Commands on the chain: uses, depends-on, outside-eea, concentration, suggestions, confirm."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click
from rich.text import Text

from register_api.cli import options
from register_api.cli.options import Command
from register_api.cli.output import out, print_json
from register_api.cli.serving_options import settings_option
from register_api.cli.watch_options import Watching, watching
from register_api.core.calendar import local_day
from register_api.core.language.language import count, shorten
from register_api.core.printable import escaped
from register_api.watch import chain as chains
from register_api.watch import chain_questions as questions
from register_api.watch.chain import Chain, load
from register_api.watch.chain_questions import Way

_MOST_PURPOSE = 70


class _Opened(NamedTuple):
    """Where the chain is kept, and the chain on the day that is asked about."""

    watching: Watching
    chain: Chain


@contextlib.contextmanager
def _chain(settings: Path | None, on: dt.date | None) -> Iterator[_Opened]:
    with watching(settings) as opened:
        day = on or local_day(opened.now, ZoneInfo(opened.settings.time_zone))
        yield _Opened(opened, load(opened.database, day))


def _question(command: Command) -> Command:
    """Add what every question takes: the settings, the day and the form of the answer."""
    on = click.option(
        "--on", type=options.DayParam(), metavar="DAY", help="Effective date.  [default: today]"
    )
    return settings_option(on(options.json_option(command)))


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


@chain.command()
@click.argument("company")
@_depth
@_question
def uses(settings: Path | None, company: str, depth: int, on: dt.date | None, as_json: bool) -> None:
    """List which of your vendors use a company, and through whom, by the shortest path.

    COMPANY is a name, a domain, a company number, or an entry such as acme or acme/hoster.

    \b
    Examples:
      register-api watch chain uses hoster.example --settings watch.toml
      register-api watch chain uses "Hoster Inc." --depth 3 --json --settings watch.toml
    """
    with _chain(settings, on) as opened:
        _answer_who(opened.chain, company, depth, as_json=as_json)


@chain.command("depends-on")
@click.argument("company")
@_question
def depends_on(settings: Path | None, company: str, on: dt.date | None, as_json: bool) -> None:
    """List which of your vendors depend on a company, over any number of steps.

    \b
    Example:
      register-api watch chain depends-on hoster.example --settings watch.toml
    """
    with _chain(settings, on) as opened:
        _answer_who(opened.chain, company, None, as_json=as_json)


def _answer_who(chain: Chain, company: str, depth: int | None, *, as_json: bool) -> None:
    targets = chain.find(company)
    ways = questions.ways_to(chain, targets, depth)
    asked = [chain.companies[number] for number in targets]
    if as_json:
        print_json({"asked": asked, "vendors": [_way(chain, way) for way in ways]})
        return
    for each in asked:
        joined = f"  by {', '.join(each.keys)}" if each.keys else ""
        out.print(Text(escaped(f"{each.name}: {', '.join(each.entries)}{joined}"), style="bold"))
    for way in ways:
        out.print(
            f"  {len(way) - 1}  {_path(chain, way)}  {escaped(shorten(_purposes(chain, way), _MOST_PURPOSE))}"
        )
    ours = sum(each.is_ours for each in chain.companies)
    out.print(f"{len(ways)} of {count(ours, 'vendor')}.")
    if len(asked) > 1:
        out.print("Several companies have that name: register-api watch chain suggestions")


def _way(chain: Chain, way: Way) -> dict[str, Any]:
    companies = [chain.companies[number] for number in way]
    return {
        "vendor": companies[0].name,
        "entries": companies[0].entries,
        "critical": companies[0].is_critical,
        "depth": len(way) - 1,
        "path": [company.name for company in companies],
        "purposes": list(chain.purposes[way[-2], way[-1]]),
    }


def _path(chain: Chain, way: Way) -> str:
    first, *_ = companies = [chain.companies[number] for number in way]
    critical = "  critical" if first.is_critical else ""
    return escaped(" → ".join(company.name for company in companies)) + critical


def _purposes(chain: Chain, way: Way) -> str:
    return "; ".join(chain.purposes[way[-2], way[-1]])


@chain.command("outside-eea")
@_depth
@_question
def outside_eea(settings: Path | None, depth: int, on: dt.date | None, as_json: bool) -> None:
    """List processing outside the EEA by your vendors and their sub-processors, with the transfer mechanism.

    \b
    Examples:
      register-api watch chain outside-eea --settings watch.toml
      register-api watch chain outside-eea --depth 1 --on 2027-01-01 --settings watch.toml
    """
    with _chain(settings, on) as opened:
        chain = opened.chain
    found = questions.outside_eea(chain, depth)
    unknown = questions.without_place(chain)
    if as_json:
        rows = [
            {"country": item.country, "mechanisms": item.mechanisms.split(), **_way(chain, item.way)}
            for item in found
        ]
        print_json({"places": rows, "without_place": unknown})
        return
    for item in found:
        rests_on = escaped(item.mechanisms.replace(" ", ", ")) or "no personal data"
        out.print(f"  {escaped(item.country)}  {_path(chain, item.way)}  {rests_on}")
    out.print(f"{count(len(found), 'place')}; {count(unknown, 'use')} of your vendors without a place.")


@chain.command()
@click.option("--by", type=click.Choice(["company", "country"]), default="company", show_default=True)
@_depth
@_question
def concentration(settings: Path | None, by: str, depth: int, on: dt.date | None, as_json: bool) -> None:
    """Count your vendors per company they depend on, or per country of processing.

    \b
    Example:
      register-api watch chain concentration --by country --settings watch.toml
    """
    with _chain(settings, on) as opened:
        chain = opened.chain
    ask = questions.by_company if by == "company" else questions.by_country
    found = ask(chain, depth)
    if as_json:
        print_json(found)
        return
    for share in found:
        through = share.all - share.direct
        out.print(
            f"{share.all:>6}  {escaped(share.what)}  {share.direct} directly, {through} through others,"
            f" {share.critical} critical"
        )


@chain.command()
@_question
def suggestions(settings: Path | None, on: dt.date | None, as_json: bool) -> None:
    """List entries that share only a name, for you to confirm whether they are one company.

    \b
    Example:
      register-api watch chain suggestions --settings watch.toml
    """
    with _chain(settings, on) as opened:
        found = chains.suggestions(opened.watching.database, opened.chain)
    if as_json:
        print_json(found)
        return
    for each in found:
        out.print(f"  {each.one}  {each.other}  {escaped(each.name)}")
    out.print(f"{count(len(found), 'suggestion')}." if found else "No suggestions.")


@chain.command()
@settings_option
@click.argument("one")
@click.argument("other")
@click.option("--different", is_flag=True, help="They are different companies; do not suggest them again.")
@click.option("--by", required=True, metavar="NAME", help="Name of the person who decides.")
def confirm(settings: Path | None, one: str, other: str, different: bool, by: str) -> None:
    """Record that two entries are the same company, or with --different that they are not.

    \b
    Example:
      register-api watch chain confirm acme/hoster beta/hoster-inc --by Ann --settings watch.toml
    """
    with _chain(settings, None) as opened:
        kept = opened.watching
        chains.confirm(kept.database, opened.chain, one, other, same=not different, by=by, at=kept.at)
    out.print(f"{one} and {other}: {'two companies' if different else 'the same company'}.")
