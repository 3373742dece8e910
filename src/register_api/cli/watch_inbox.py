"""Commands on news: inbox, decide, decisions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import click
from rich.text import Text

from register_api.cli import options
from register_api.cli.output import out, print_json
from register_api.cli.serving_options import settings_option
from register_api.cli.watch_options import watching
from register_api.core.calendar import local_day
from register_api.core.instant import format_instant
from register_api.core.language.language import ENGLISH, count, shorten
from register_api.core.printable import escaped
from register_api.watch.decisions import Decision, DecisionWord
from register_api.watch.decisions import decide as keep
from register_api.watch.decisions import decisions as kept
from register_api.watch.inbox import OpenNews
from register_api.watch.inbox import inbox as open_news

_NEAR = 7
"""Days before a deadline from which it is shown in red."""

_MOST_TITLE = 140


@click.command()
@settings_option
@click.option("--vendor", metavar="ID", help="Only news of this vendor.")
@click.option("--all", "foreign", is_flag=True, help="Include what does not affect you.")
@options.json_option
def inbox(settings: Path | None, vendor: str | None, foreign: bool, as_json: bool) -> None:
    """List news awaiting a decision, with deadlines, earliest first.

    \b
    Examples:
      register-api watch inbox --settings watch.toml
      register-api watch inbox --vendor acme --json --settings watch.toml
    """
    with watching(settings) as opened:
        today = local_day(opened.now, ZoneInfo(opened.settings.time_zone))
        found = open_news(opened.database, today, vendor=vendor, foreign=foreign)
    if as_json:
        print_json(found)
        return
    for news in found:
        _print_news(news)
    out.print(f"{count(len(found), 'open item')}." if found else "Nothing waits for a decision.")


def _print_news(news: OpenNews) -> None:
    critical = "  critical" if news.critical else ""
    head = Text(
        f"{news.id}  {escaped(news.vendor_name)}{critical}  {news.kind.replace('_', ' ')}", style="bold"
    )
    near = news.days_left is not None and news.days_left <= _NEAR
    out.print(head.append(f"  {_due(news)}", style="not bold red" if near else "not bold"))
    out.print(f"    {escaped(shorten(news.title, _MOST_TITLE))}")


def _due(news: OpenNews) -> str:
    if news.deadline is None or news.days_left is None:
        return "no deadline"
    left = "over" if news.days_left < 0 else f"{count(news.days_left, 'day')} left"
    return f"object by {ENGLISH.day(news.deadline)} ({news.deadline_of}, {left})"


@click.command()
@settings_option
@click.argument("news")
@click.argument("decision", type=click.Choice(get_args(DecisionWord)))
@click.option("--reason", required=True, help="The reason, for the record.")
@click.option("--by", required=True, metavar="NAME", help="Who decided.")
def decide(settings: Path | None, news: str, decision: DecisionWord, reason: str, by: str) -> None:
    """Record a decision on a news item; all decisions are kept, the newest counts.

    Nothing is sent: raise an objection with the vendor as its register describes.

    \b
    Example:
      register-api watch decide NEWS accepted --reason "same region" --by Ann --settings watch.toml
    """
    with watching(settings) as opened:
        keep(opened.database, Decision(news=news, decision=decision, reason=reason, by=by, at=opened.at))
    out.print(f"{news}: {decision.replace('_', ' ')}.")


@click.command()
@settings_option
@click.option("--vendor", default="", metavar="ID", help="Only on news of this vendor.")
@click.option("--news", default="", metavar="ID", help="Only on this news item.")
@options.json_option
def decisions(settings: Path | None, vendor: str, news: str, as_json: bool) -> None:
    """List who decided what, when and why, including revised decisions.

    \b
    Example:
      register-api watch decisions --vendor acme --settings watch.toml
    """
    with watching(settings) as opened:
        found = kept(opened.database, vendor=vendor, news=news)
    if as_json:
        print_json(found)
        return
    for each in found:
        made = each.decision
        at = format_instant(dt.datetime.fromtimestamp(made.at, dt.UTC))
        out.print(
            Text(f"{at}  {made.news}  {made.decision.replace('_', ' ')}  {escaped(made.by)}", style="bold")
        )
        out.print(f"    {escaped(shorten(each.title, _MOST_TITLE))}")
        out.print(f"    {escaped(' '.join(made.reason.split()))}")
    out.print(f"{count(len(found), 'decision')}.")
