"""Read the past states of a list, with their times, from a history file or (read-only) from Git."""

from __future__ import annotations

import datetime as dt
import functools
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from register_api.core.instant import format_instant
from register_api.core.model import Register
from register_api.core.text import quoted
from register_api.errors import UsageError
from register_api.importer.document_rows import parse_json, states_of, table_of
from register_api.importer.import_report import Reporter
from register_api.importer.reading import decode_text, read_tables
from register_api.importer.table import MAX_BYTES, ImportOptions, Table, format_of, refuse

_SECOND = dt.timedelta(seconds=1)
_DATES = {"author": ("date", "committed"), "committer": ("committed", "date")}
"""Keys of a dated state for each kind of date; the second is the fallback."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class ListState(msgspec.Struct, frozen=True, kw_only=True):
    """The list at one time, and the time at which its version is published."""

    mark: str
    at: dt.datetime
    subject: str
    read: Callable[[], tuple[Table, ...]]


def published_before(dated: Sequence[ListState], newest: Register | None) -> int:
    """Return the number of states up to and including the one the newest version came from."""
    if newest is None:
        return 0
    if newest.recorded == "live":
        message = f"version {newest.version} was published live; history cannot follow it"
        refuse("register.toml", "", message, "history comes first", rule="R15")
    for number, item in enumerate(dated, 1):
        if item.at == newest.published_at:
            return number
    if dated and dated[0].at <= newest.published_at:
        message = f"the store's newest version is of {format_instant(newest.published_at)} and comes from"
        hint = "--store names another store, --since begins later"
        raise UsageError(f"{message} none of these states", hint=hint)
    return 0


def schedule(states: Sequence[ListState], reporter: Reporter) -> tuple[ListState, ...]:
    """Move the time of each state that is not later than the one before (R15)."""
    dated: list[ListState] = []
    for state in states:
        at = max(state.at, dated[-1].at + _SECOND) if dated else state.at
        if at != state.at:
            message = f"{state.mark} is of {format_instant(state.at)}, not after the one before: moved to"
            reporter.note("assumed", f"{message} {format_instant(at)}")
        dated.append(msgspec.structs.replace(state, at=at))
    return tuple(dated)


def read_history(name: str, data: bytes, date: str, zone: dt.tzinfo) -> tuple[ListState, ...]:
    """Read a history file: JSON states with ``date`` (or ``committed``) and ``entries``, oldest first.

    Raises:
        Refused: It is not a valid history file.
    """
    found = states_of(parse_json(name, decode_text(name, data, "json")))
    if found is None:
        refuse(name, "", "this is not a history", 'a list of objects, each with "date" and "entries"')
    states = []
    for number, item in enumerate(found, 1):
        file = f"{name}, state {number}"
        text = next((item[key] for key in _DATES[date] if isinstance(item.get(key), str)), "")
        try:  # a date without a time means midnight in the publisher's time zone
            at = dt.datetime.fromisoformat(text)
            at = at if at.tzinfo else at.replace(tzinfo=zone)
            at = at.astimezone(dt.UTC).replace(microsecond=0)
        except (ValueError, OverflowError):
            hint = "write 2024-02-01, or 2024-02-01T09:00:00Z"
            refuse(file, "date", f"{quoted(text)} is not a date or time", hint)
        commit = str(item.get("commit"))
        mark = f"commit {commit}" if _COMMIT.fullmatch(commit) else f"state {number}"
        read = functools.partial(lambda *found: (table_of(*found),), file, item["entries"])
        states.append(ListState(mark=mark, at=at, subject=str(item.get("title") or ""), read=read))
    return tuple(states)


_LONGEST = 300.0
"""Timeout in seconds for one call of git."""
_FIXED = ("--no-pager", "--literal-pathspecs", "-c", "i18n.logOutputEncoding=UTF-8")
_FORMATS = {"author": "%H%x00%at%x00%s", "committer": "%H%x00%ct%x00%s"}
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_STATUS = re.compile(r"[A-Z][0-9]{0,3}")
_SHORT = 10


def git_states(
    repository: Path, path: str, since: str | None, date: str, options: ImportOptions, reporter: Reporter
) -> tuple[ListState, ...]:
    """Return the states of a file on the current branch, oldest first.

    Renames are followed as far as git detects them. Only the first parent of a merge is followed, so
    that a state is what the branch contained, not work in progress on another branch.
    """
    commits = list(_commits(repository, path, "HEAD", date))
    if _git(repository, "rev-parse", "--is-shallow-repository").strip() == b"true":
        # An import is final, so a partial history must not be mistaken for the whole.
        raise UsageError(
            f"{repository} is a shallow clone, which lacks the older states",
            hint="git fetch --unshallow (in actions/checkout: fetch-depth: 0), then import again",
        )
    if not commits:
        raise UsageError(f"no commit of {repository} touches {path}")
    if since is not None:  # the last commit up to the revision, and those after it
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}")
        try:
            start = _git(repository, *asked).decode("ascii").strip()
        except UsageError as error:
            raise UsageError(f"{repository} has no revision {since!r}", hint="git log shows them") from error
        later = {commit for commit, *_ in _commits(repository, path, f"{start}..HEAD", date)}
        commits = commits[: sum(commit in later for commit, *_ in commits) + 1]
    states: list[ListState] = []
    for commit, at, subject, path_then in reversed(commits):
        if path_then is None:
            reporter.note("skipped", f"commit {commit[:_SHORT]} took the file away: no state")
        else:
            read = functools.partial(_git_tables, repository, commit, path_then, options)
            states.append(ListState(mark=f"commit {commit}", at=at, subject=subject, read=read))
    return tuple(states)


def _git_tables(repository: Path, commit: str, path: str, options: ImportOptions) -> tuple[Table, ...]:
    name, blob = f"{PurePosixPath(path).name} at {commit[:_SHORT]}", f"{commit}:{path}"
    size = int(_git(repository, "cat-file", "-s", blob))
    if size > MAX_BYTES:
        refuse(name, "", f"{size} bytes; at most {MAX_BYTES} are read", rule="R17")
    data = _git(repository, "cat-file", "blob", blob)
    return read_tables(name, data, options.form or format_of(path), options.tables)


def _commits(
    repository: Path, path: str, revisions: str, date: str
) -> Iterator[tuple[str, dt.datetime, str, str | None]]:
    """Yield id, date, subject and path (if any) of the commits that changed the file, newest first."""
    output = _git(
        repository, "log", "-z", "--follow", "--first-parent", "--diff-merges=first-parent", "--no-color",
        "--no-ext-diff", "--name-status", f"--format={_FORMATS[date]}", revisions, "--", path,
    )  # fmt: skip
    fields = iter(output.decode("utf-8", "replace").split("\x00"))
    for commit in fields:
        if not _HASH.fullmatch(commit):
            continue
        at, subject, status = int(next(fields)), next(fields), next(fields, "").strip("\n")
        if not _STATUS.fullmatch(status):
            raise UsageError(f"git log says something unknown of commit {commit[:_SHORT]}: {status[:40]!r}")
        named = next(fields, "")
        named = next(fields, "") if status[:1] in {"R", "C"} else named
        path_then = None if status[:1] == "D" else named
        yield commit, dt.datetime.fromtimestamp(at, dt.UTC), subject, path_then


def _git(repository: Path, *arguments: str) -> bytes:
    program = shutil.which("git")
    if program is None:
        raise UsageError("git is not installed on this machine")
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    try:
        ended = subprocess.run(  # noqa: S603  (a fixed program; arguments are a list, no shell reads them)
            [program, *_FIXED, "-C", str(repository), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_LONGEST,
            env=environment,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"git could not be run: {error}") from error
    if ended.returncode != 0:
        errors = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"git {arguments[0]} failed: {errors[0] if errors else 'no message'}")
    return ended.stdout
