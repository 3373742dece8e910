"""The command `deploy`: copy the published tree to the host that serves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.output import err, interrupt_note, out, print_json, progress
from register_api.cli.words import published
from register_api.core.instant import format_instant
from register_api.core.language.language import count
from register_api.deploy.plan import Plan
from register_api.deploy.public_head import address_of_register
from register_api.deploy.sending import Deployment, verify_deployment
from register_api.deploy.target import open_target
from register_api.errors import TargetError
from register_api.store.reader import Snapshot
from register_api.verify.options import History


@click.command()
@click.argument("target_address", metavar="TARGET")
@options.store_option
@options.endpoint_option("URL of the service, if s3:// or az:// is not the provider's own.")
@options.base_url_option("URL to verify after deploying.  [default: the register's own]")
@click.option("--no-verify", is_flag=True, help="Do not verify the served tree afterwards.")
@click.option(
    "--repair",
    is_flag=True,
    help="Read every file there and send what differs, even over damaged or foreign files.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be sent and removed, and change nothing.")
@options.progress_option
@options.json_option
def deploy(
    target_address: str,
    store: Path,
    endpoint: str | None,
    base_url: str | None,
    *,
    no_verify: bool,
    repair: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Copy the published tree to TARGET, a folder or a bucket, and verify it from outside.

    Only changes are sent, ordered so that readers always find a complete version: immutable files first,
    the signed timestamp last. Of two concurrent publishers one is refused. A target that is ahead of the
    store, or holds another register, is left unchanged. If interrupted, run the same command again. Finally
    the register's URL is verified as a customer would.

    \b
    TARGET:
      /srv/www/trust or file:///srv/www/trust   a folder that a web server serves
      s3://BUCKET/PREFIX                        S3 and compatible storage (AWS_ACCESS_KEY_ID, …)
      az://CONTAINER/PREFIX                     Azure Blob Storage (AZURE_STORAGE_ACCOUNT_NAME, …)
      gs://BUCKET/PREFIX                        Google Cloud Storage (GOOGLE_SERVICE_ACCOUNT, …)

    \b
    Examples:
      register-api deploy s3://trust-example-com --dry-run
      register-api deploy s3://trust --endpoint https://s3.example.net --base-url https://trust.example.com
      register-api refresh && register-api deploy az://trust       (as a scheduled job)
    """
    snapshot = published(store)
    target = open_target(target_address, endpoint, store)
    address = target.name + (f" {endpoint}" if endpoint else "")
    unfinished = f"the same command completes what is at {target.name}"
    with interrupt_note(lambda: unfinished), progress("deploying") as report:
        plan = Deployment(snapshot, target, address, report, lambda error: _forgotten(store, error)).run(
            repair=repair, dry_run=dry_run
        )
    # ``verified`` and ``served`` stay empty unless the public copy was verified.
    done = {
        "target": target.name,
        "register": snapshot.state.register,
        "version": snapshot.state.version,
        "dry_run": dry_run,
        "sent": [item.name for item in plan.send],
        "bytes": sum(item.size for item in plan.send),
        "unchanged": len(plan.items) - len(plan.send),
        "removed": plan.remove,
        "verified": None,
        "served": None,
    }
    url = base_url or address_of_register(snapshot)
    if url is not None and not (dry_run or no_verify):
        _verify(snapshot, url, done, plan, as_json=as_json)
        return
    why = "--no-verify" if no_verify else "the register names no url, and there is no --base-url"
    _print(done, plan, "" if dry_run else f"NOT verified from outside: {why}.", as_json=as_json)


def _forgotten(store: Path, error: OSError) -> None:
    err.print(f"Note: {store} cannot keep what was sent ({error.strerror}); the next time all is compared")


def _verify(snapshot: Snapshot, url: str, done: dict[str, Any], plan: Plan, *, as_json: bool) -> None:
    """Verify the public copy, print the result, and fail unless it is valid and what was deployed."""
    history: History = "new" if any(item.fixed for item in plan.send) else "none"
    with progress("verifying") as step:
        found, ours = verify_deployment(snapshot, url, clock.now(), history, step)
    report = found.report
    verdict = f"NOT verified from outside; register-api verify {report.base} says more."
    if ours and not report.exit_code:
        until = f", fresh until {format_instant(report.fresh_until)}" if report.fresh_until else ""
        verdict = f"Verified from outside: {report.base} serves version {report.version}{until}."
    _print(done | {"verified": report, "served": ours}, plan, verdict, as_json=as_json)
    if found.finding is not None:
        raise found.finding
    if not ours:
        raise TargetError(
            f"{url} serves something else than was deployed, with another timestamp",
            hint="does it read from this target, and how long does its cache keep timestamp.json?",
        )


def _print(done: dict[str, Any], plan: Plan, verdict: str, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    if done["dry_run"]:
        for item in plan.send:
            out.print(f"send    {item.size:>9}  {item.name}")
        for name in plan.remove:
            out.print(f"remove  {'':>9}  {name}")
    would = "would be " if done["dry_run"] else ""
    out.print(
        f"Version {done['version']} of {done['register']} at {done['target']}:"
        f" {count(len(plan.send), 'file')} ({done['bytes']} bytes) {would}sent,"
        f" {done['unchanged']} unchanged, {len(plan.remove)} {would}removed."
    )
    if verdict:
        out.print(verdict)
