"""The versions of one file in a Git repository, by the program ``git``, which is only ever read with."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from register_api.errors import UsageError
from register_api.importer.import_report import Reporter
from register_api.importer.list_states import ListState
from register_api.importer.reading import read_tables
from register_api.importer.reading_options import ImportOptions, format_of
from register_api.importer.table import MAX_BYTES, Table, refuse

_LONGEST = 300.0
"""Seconds that one call of git may take."""

_FIXED = ("--no-pager", "--literal-pathspecs", "-c", "i18n.logOutputEncoding=UTF-8")
_FORMAT = "%H%x00%at%x00%ct%x00%s"
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_STATUS = re.compile(r"[A-Z][0-9]{0,3}")
_SHORT = 10


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that touched the file."""

    id: str
    authored: int
    committed: int
    subject: str
    path: str | None


def git_states(
    repository: Path, path: str, *, since: str | None, date: str, options: ImportOptions, reporter: Reporter
) -> tuple[ListState, ...]:
    """Return the states of a file on the branch that is checked out, oldest first.

    Renames are followed as far as git finds them. Of a merge the branch's own side counts: a state is
    what the branch said, not what was prepared beside it.
    """
    commits = list(_commits(repository, path, "HEAD"))
    if _git(repository, "rev-parse", "--is-shallow-repository").strip() == b"true":
        # What was imported is final: a part of the history must not be taken for all of it.
        raise UsageError(
            f"{repository} is a shallow clone, which lacks the older states",
            hint="git fetch --unshallow (in actions/checkout: fetch-depth: 0), then import again",
        )
    if not commits:
        raise UsageError(f"no commit of {repository} touches {path}")
    if since is not None:
        commits = _since(repository, path, since, commits)
    states: list[ListState] = []
    for commit in reversed(commits):
        if commit.path is None:
            reporter.note("skipped", f"commit {commit.id[:_SHORT]} took the file away: no state")
            continue
        states.append(_state(repository, commit, commit.path, date, options))
    return tuple(states)


def _since(repository: Path, path: str, since: str, commits: Sequence[Commit]) -> list[Commit]:
    """Return the commits after a revision and, before them, the last one up to it."""
    named = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}")
    start = named.decode("ascii").strip()
    later = {commit.id for commit in _commits(repository, path, f"{start}..HEAD")}
    count = sum(1 for commit in commits if commit.id in later)
    return list(commits[: count + 1])


def _state(repository: Path, commit: Commit, path: str, date: str, options: ImportOptions) -> ListState:
    seconds = commit.authored if date == "author" else commit.committed
    return ListState(
        mark=f"commit {commit.id}",
        at=dt.datetime.fromtimestamp(seconds, dt.UTC),
        subject=commit.subject,
        read=lambda: _tables(repository, commit, path, options),
    )


def _tables(repository: Path, commit: Commit, path: str, options: ImportOptions) -> tuple[Table, ...]:
    name = f"{PurePosixPath(path).name} at {commit.id[:_SHORT]}"
    blob = f"{commit.id}:{path}"
    size = int(_git(repository, "cat-file", "-s", blob))
    if size > MAX_BYTES:
        refuse(name, "", f"{size} bytes; at most {MAX_BYTES} are read", rule="R17")
    data = _git(repository, "cat-file", "blob", blob)
    return read_tables(name, data, options.form or format_of(path), options.tables)


def _commits(repository: Path, path: str, revisions: str) -> Iterator[Commit]:
    """Yield the commits that touched the file, the newest first."""
    output = _git(
        repository, "log", "-z", "--follow", "--first-parent",
        "--diff-merges=first-parent", "--no-color", "--no-ext-diff", "--name-status", f"--format={_FORMAT}",
        revisions, "--", path,
    )  # fmt: skip
    fields = iter(output.decode("utf-8", "replace").split("\x00"))
    for commit in fields:
        if not _HASH.fullmatch(commit):
            continue
        authored, committed, subject = next(fields), next(fields), next(fields)
        status = next(fields, "").strip("\n")
        if not _STATUS.fullmatch(status):
            raise UsageError(f"git log says something unknown of commit {commit[:_SHORT]}: {status[:40]!r}")
        named = next(fields, "")
        named = next(fields, "") if status[:1] in {"R", "C"} else named
        yield Commit(
            id=commit,
            authored=int(authored),
            committed=int(committed),
            subject=subject,
            path=None if status[:1] == "D" else named,
        )


def _git(repository: Path, *arguments: str) -> bytes:
    """Run git on a repository and return what it prints."""
    program = shutil.which("git")
    if program is None:
        raise UsageError("there is no program git on this machine")
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
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"git {arguments[0]} failed: {said[0] if said else 'without a word'}")
    return ended.stdout
