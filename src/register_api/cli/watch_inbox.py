"""Commands on news: inbox, decide, decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import get_args

import click
from rich.text import Text

from register_api.cli import options
from register_api.cli.output import out
from register_api.cli.watch_options import Watching, answer, watching
from register_api.core.instant import format_instant
from register_api.core.language.language import ENGLISH, count, shorten
from register_api.core.text import escaped
from register_api.watch import inbox as kept
from register_api.watch.inbox import DecidedNews, Decision, DecisionWord, OpenNews

_NEAR = 7
"""Days before a deadline from which it is shown in red."""

_MOST_TITLE = 140


@click.command()
@watching
@click.option("--vendor", metavar="ID", help="Only news of this vendor.")
@click.option("--all", "foreign", is_flag=True, help="Include what does not affect you.")
@options.json_option
def inbox(opened: Watching, vendor: str | None, foreign: bool, as_json: bool) -> None:
    """List news awaiting a decision, with deadlines, earliest first.

    \b
    Examples:
      register-api watch inbox --settings watch.toml
      register-api watch inbox --vendor acme --json --settings watch.toml
    """
    found = kept.inbox(opened.database, opened.here.today, vendor=vendor, foreign=foreign)
    answer(found, _inbox_lines(found), as_json=as_json)


def _inbox_lines(found: list[OpenNews]) -> Iterator[Text | str]:
    for news in found:
        critical, kind = "  critical" if news.critical else "", news.kind.replace("_", " ")
        head = Text(f"{news.id}  {escaped(news.vendor_name)}{critical}  {kind}", style="bold")
        near = news.days_left is not None and news.days_left <= _NEAR
        yield head.append(f"  {_due(news)}", style="not bold red" if near else "not bold")
        yield f"    {escaped(shorten(news.title, _MOST_TITLE))}"
    yield f"{count(len(found), 'open item')}." if found else "Nothing waits for a decision."


def _due(news: OpenNews) -> str:
    if news.deadline is None or news.days_left is None:
        return "no deadline"
    left = "over" if news.days_left < 0 else f"{count(news.days_left, 'day')} left"
    return f"object by {ENGLISH.day(news.deadline)} ({news.deadline_of}, {left})"


@click.command()
@watching
@click.argument("news")
@click.argument("decision", type=click.Choice(get_args(DecisionWord)))
@click.option("--reason", required=True, help="The reason, for the record.")
@click.option("--by", required=True, metavar="NAME", help="Who decided.")
def decide(opened: Watching, news: str, decision: DecisionWord, reason: str, by: str) -> None:
    """Record a decision on a news item; all decisions are kept, the newest counts.

    Nothing is sent: raise an objection with the vendor as its register describes.

    \b
    Example:
      register-api watch decide NEWS accepted --reason "same region" --by Ann --settings watch.toml
    """
    made = Decision(news=news, decision=decision, reason=reason, by=by, at=opened.here.at)
    kept.decide(opened.database, made)
    out.print(f"{news}: {decision.replace('_', ' ')}.")


@click.command()
@watching
@click.option("--vendor", default="", metavar="ID", help="Only on news of this vendor.")
@click.option("--news", default="", metavar="ID", help="Only on this news item.")
@options.json_option
def decisions(opened: Watching, vendor: str, news: str, as_json: bool) -> None:
    """List who decided what, when and why, including revised decisions.

    \b
    Example:
      register-api watch decisions --vendor acme --settings watch.toml
    """
    found = kept.decisions(opened.database, vendor=vendor, news=news)
    answer(found, _decision_lines(found), as_json=as_json)


def _decision_lines(found: list[DecidedNews]) -> Iterator[Text | str]:
    for each in found:
        made, word = each.decision, each.decision.decision.replace("_", " ")
        at = format_instant(dt.datetime.fromtimestamp(made.at, dt.UTC))
        yield Text(f"{at}  {made.news}  {word}  {escaped(made.by)}", style="bold")
        yield f"    {escaped(shorten(each.title, _MOST_TITLE))}"
        yield f"    {escaped(' '.join(made.reason.split()))}"
    yield f"{count(len(found), 'decision')}."
