"""Commands on vendors, signed vendor lists, and their news: vendors, key, inbox, decide, decisions."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import click
from rich.text import Text

from register_api.cli import options
from register_api.cli.database_options import Watching, answer, counted, refuse_faults, watching
from register_api.cli.output import out
from register_api.core.instant import format_instant, instant_of
from register_api.core.language.language import ENGLISH, count, shorten
from register_api.core.text import base_url_problem, escaped, quoted
from register_api.errors import UsageError, WatchError
from register_api.files.durable import read_bounded
from register_api.files.hand_written import MAX_BYTES, RowFault
from register_api.sending.webhook import make_key, read_key
from register_api.watch import inbox as news_inbox
from register_api.watch import vendors as vendor_store
from register_api.watch.check_vendor import Polling, find_register
from register_api.watch.inbox import Decision, DecisionWord, OpenNews
from register_api.watch.register_list import MAX_BYTES as MAX_LIST_BYTES
from register_api.watch.register_list import kid_of, offered, read_list
from register_api.watch.vendors import import_vendors
from register_api.watch.vendors_file import read_vendors, vendor_row


@click.group()
def vendors() -> None:
    """Manage the vendors whose registers are watched.

    \b
    Example:
      register-api watch vendors list --settings watch.toml
    """


@vendors.command("import")
@watching
@click.argument("file", type=options.PATH)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and change nothing.")
def import_(opened: Watching, file: Path, dry_run: bool) -> None:
    """Import vendors from a CSV or TOML file: all rows, or none if a row is invalid.

    Columns are those of docs/watch.md, of which only name is required, and those of exports of Drata,
    Vanta, CISO Assistant and Probo. Existing vendors are updated; none is removed.

    \b
    Examples:
      register-api watch vendors import vendors.csv --dry-run --settings watch.toml
      register-api watch vendors import vendors.csv --settings watch.toml
    """
    found = read_vendors(read_bounded(file, MAX_BYTES), is_toml=file.suffix == ".toml")
    _refuse(file, found.faults)
    done = import_vendors(opened.database, found.rows, opened.context.at, dry_run=dry_run)
    _refuse(file, done.faults)
    if found.passed_over:
        out.print(f"Not taken: {', '.join(map(quoted, found.passed_over))}.")
    if dry_run:
        out.print("Nothing was changed; it would be:")
    out.print(f"{counted(done.done)}.")
    if done.absent:
        out.print(f"{count(done.absent, 'vendor')} not in this file: still watched.")


_refuse = functools.partial(refuse_faults, error=WatchError, what="vendors")


@vendors.command()
@watching
@click.argument("address")
@click.option("--id", "id", help="Id of the vendor.  [default: derived from the name]")
@click.option("--name", help="Name of the vendor.  [default: from its register, or its host]")
@click.option("--root-sha256", help="SHA-256 of the register's first root, from the contract.")
@click.option("--page", help="URL of its page of sub-processors.")
@click.option("--owner", help="Email address of the person responsible for it.")
@click.option("--objection-days", help="Objection period in days, from the contract.")
@click.option("--notice-days", help="Notice period in days, from the contract.")
@click.option("--counting", help="How the contract counts days: calendar or business days.")
@click.option("--counts-from", help="When the period starts: announced or seen.")
@click.option("--products", help="Ids of the products in use; all for every one.")
@click.option("--regions", help="Regions in use.")
@click.option("--critical", help="yes or no.")
def add(opened: Watching, address: str, **given: str | None) -> None:
    """Add a vendor by the URL of its website or register, or update one.

    The register is discovered through /.well-known/sub-processors.json. Without it, the vendor is added
    with its page, and the website is checked from time to time.

    \b
    Example:
      register-api watch vendors add acme.example --owner dpo@customer.example --settings watch.toml
    """
    row, faults = vendor_row({name: text for name, text in given.items() if text} | {"website": address})
    _refuse(None, [RowFault(1, words) for words in faults])
    found = find_register(row["website"], Polling.of(opened.settings).fetcher)
    address = found.address if found else ""
    watched = vendor_store.all_vendors(opened.database)
    existing = [each for each in watched if each.website == row["website"]]
    existing = existing or [each for each in watched if address and each.register == address]
    if len(existing) == 1:
        (known,) = existing
        row = {"id": known.id, "name": known.name, **row, "website": known.website or row["website"]}
    name = found.title if found else urlsplit(row["website"]).netloc
    if found is None:
        row = {"name": name, "page": row["website"], **row}
    else:
        row = {"name": name, **row, "register": found.address}
    done = import_vendors(opened.database, {1: row}, opened.context.at)
    _refuse(None, done.faults)
    vendor = done.vendors[1]
    where = vendor.register or "no register"
    trust = "" if vendor.root_sha256 or not vendor.register else "; its root is taken on trust at first use"
    out.print(escaped(f"{vendor.id}: {vendor.name}, {where}{trust}."))


@vendors.command("list")
@watching
@options.json_option
def list_(opened: Watching, as_json: bool) -> None:
    """List vendors with the URLs of their registers, and the source of each trust root if not your own.

    \b
    Example:
      register-api watch vendors list --settings watch.toml --json
    """
    found = vendor_store.all_vendors(opened.database)
    lines = []
    for vendor in found:
        where = vendor.register or f"no register; {vendor.page or vendor.website or 'no page known'}"
        root = f"root by the list of {vendor.root_by}" if vendor.root_by else ""
        texts = (vendor.id, vendor.name, where, root, vendor.owner, "critical" if vendor.critical else "")
        lines.append("  ".join(escaped(text) for text in texts if text))
    answer(found, lines, as_json=as_json)


@vendors.command()
@watching
@click.argument("vendor")
def remove(opened: Watching, vendor: str) -> None:
    """Stop watching a vendor; its data and decisions are kept.

    \b
    Example:
      register-api watch vendors remove acme --settings watch.toml
    """
    vendor_store.remove(opened.database, vendor, opened.context.at)
    out.print(f"{vendor} is not watched any more.")


@click.command()
@click.argument("file", type=options.PATH)
def key(file: Path) -> None:
    """Print the thumbprint of the key in FILE that signs lists of registers; create it if missing.

    \b
    Example:
      register-api watch key list.key
    """
    out.print(kid_of(read_key(file, "key") if file.exists() else make_key(file, "key")))


@vendors.command("import-list")
@watching
@click.argument("source")
@click.option(
    "--key", "kid", required=True, metavar="THUMBPRINT", help="Thumbprint of the key that signs the list."
)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and change nothing.")
def import_list(opened: Watching, source: str, kid: str, dry_run: bool) -> None:
    """Import vendors from a signed list of registers, from a file or a URL.

    Existing vendors are unchanged. Every register is verified as usual, from the root that the list names:
    docs/watch-registers.md explains what that is worth.

    \b
    Examples:
      register-api watch vendors import-list https://lists.example/registers.jws --key THUMBPRINT --dry-run
      register-api watch vendors import-list registers.jws --key THUMBPRINT --settings watch.toml
    """
    base, slash, name = source.rpartition("/")
    if "://" not in base:
        data = read_bounded(Path(source), MAX_LIST_BYTES)
    elif problem := base_url_problem(base + slash) or ("" if name else "names no file"):
        raise UsageError(f"{quoted(source)} {problem}")
    else:
        with Polling.of(opened.settings).fetcher(base + slash) as fetcher:
            data = fetcher.get(name, MAX_LIST_BYTES)
    listed = read_list(data, kid)
    found = offered(opened.database, listed)
    done = import_vendors(opened.database, found.rows, opened.context.at, dry_run=dry_run)
    if done.faults:
        raise WatchError(f"entry {done.faults[0].line} of the list: {done.faults[0].message}")
    if done.vendors:
        out.print(f"By the word of a list of {format_instant(listed.made_at)}, signed with {kid}:")
    for vendor in done.vendors.values():
        out.print(escaped(f"  {vendor.id}: {vendor.name}, {vendor.register}, root {vendor.root_sha256}"))
    for note in found.notes:
        out.print(escaped(f"Not taken: {note}."))
    if dry_run:
        out.print("Nothing was changed; it would be:")
    out.print(f"{done.done['added']} added, {len(found.known)} known already, {len(found.notes)} not taken.")


_NEAR = 7
"""Days before a deadline from which it is printed in red."""

_MAX_TITLE = 140


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
    if vendor:
        vendor_store.load(opened.database, vendor)
    found = news_inbox.inbox(opened.database, opened.context.today, vendor=vendor, foreign=foreign)
    answer(found, _inbox_lines(found), as_json=as_json)


def _inbox_lines(found: list[OpenNews]) -> Iterator[Text | str]:
    for news in found:
        critical, kind = "  critical" if news.critical else "", news.kind.replace("_", " ")
        head = Text(f"{news.id}  {escaped(news.vendor_name)}{critical}  {kind}", style="bold")
        due, near = "no deadline", False
        if news.deadline is not None and news.days_left is not None:
            left = "over" if news.days_left < 0 else f"{count(news.days_left, 'day')} left"
            due = f"object by {ENGLISH.day(news.deadline)} ({news.deadline_of}, {left})"
            near = news.days_left <= _NEAR
        yield head.append(f"  {due}", style="not bold red" if near else "not bold")
        yield f"    {escaped(shorten(news.title, _MAX_TITLE))}"
    yield f"{count(len(found), 'open item')}." if found else "Nothing awaits a decision."


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
    made = Decision(news=news, decision=decision, reason=reason, by=by, at=opened.context.at)
    news_inbox.decide(opened.database, made)
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
    if vendor:
        vendor_store.load(opened.database, vendor)
    if news:
        news_inbox.describe(opened.database, news)
    found = news_inbox.decisions(opened.database, vendor=vendor, news=news)
    lines: list[Text | str] = []
    for each in found:
        made, word = each.decision, each.decision.decision.replace("_", " ")
        at = format_instant(instant_of(made.at))
        lines += [
            Text(f"{at}  {made.news}  {word}  {escaped(made.by)}", style="bold"),
            f"    {escaped(shorten(each.title, _MAX_TITLE))}",
            f"    {escaped(' '.join(made.reason.split()))}",
        ]
    answer(found, [*lines, f"{count(len(found), 'decision')}."], as_json=as_json)
