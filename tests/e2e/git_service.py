"""A service for Git repositories here: it runs jobs as GitHub does, takes comments, serves a branch.

A workflow file is carried out as it stands: each job in a fresh clone, each step in bash with the environment
that it would have, values put in where ``${{ … }}`` stands. Only what installs a program is played: it looks
whether what is asked for is what is here.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import yaml
from commands import BIN

from programs import Done, run
from tools import need

TREE = "register-tree"
_NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+")
_VALUE = re.compile(r"\$\{\{ (.*?) \}\}")
_CHECKOUT = re.compile(r"actions/checkout@[0-9a-f]{40}")

_INSTALLER = f"""\
#!{sys.executable}
import importlib.metadata, os, sys
from packaging.requirements import Requirement
wanted = Requirement(sys.argv[-1])
here = importlib.metadata.distribution(wanted.name)
assert sys.argv[1] == "install" and here.version in wanted.specifier, (sys.argv, here.version)
assert wanted.extras <= set(here.metadata.get_all("Provides-Extra")), wanted
os.symlink("{BIN / "register-api"}", os.path.join(os.environ["INSTALLED"], "register-api"))
"""

_SECRETS = """\
#!/bin/bash
set -eu
[ "$1 $2 $4" = "secret set --env" ]
mkdir -p "$SECRETS/$5"
cat > "$SECRETS/$5/$3"
"""
"""What ``gh secret set NAME --env ENVIRONMENT`` does here."""


def later(days: int) -> tuple[str, ...]:
    """Return what a command begins with that is to run some days from now; only the clock is other."""
    quick = ("env", "NO_FAKE_STAT=1", "FAKETIME_DONT_FAKE_MONOTONIC=1")
    return (*quick, "faketime", "-f", f"+{days}d") if days else ()


class PagesHost(SimpleHTTPRequestHandler):
    """Serves a folder as such hosts do: its 404.html for what is missing, or else its first page with 200."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is missing; without a page for it as for an application of one page."""
        folder = Path(self.directory)
        page = next((each for each in ("404.html", "index.html") if (folder / each).exists()), None)
        if code != 404 or page is None:
            super().send_error(code, message, explain)
            return
        body = (folder / page).read_bytes()
        self.send_response(404 if page == "404.html" else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Api(BaseHTTPRequestHandler):
    """The few calls of the service's API that jobs make."""

    def __init__(self, service: GitService, *arguments: Any) -> None:
        self._service = service
        super().__init__(*arguments)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(size).decode()
        told = self.headers["Authorization"] == f"Bearer {self._service.token}"
        status, answer = self._service.call(self.command, self.path, data) if told else (401, None)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815  (as the standard library calls them)


class GitService:
    """One repository, its secrets, comments and pages.

    Attributes:
        token: What a job shows to the API.
        site: The folder that is served.
        comments: Of the pull request: who wrote it, and what.
        api: Address of the API; set by who serves it.
        pages_on: Whether GitHub Pages serves the branch.
    """

    def __init__(self, folder: Path, public: str) -> None:
        """Make an empty repository.

        Args:
            folder: Where all of it lies.
            public: Address at which ``site`` is served.
        """
        self.folder, self.public = folder, public
        self.origin, self.site, self.secrets = folder / "origin.git", folder / "site", folder / "secrets"
        self.token, self.api, self.pages_on = "job-token", "", True
        self.comments: list[dict[str, Any]] = []
        self.shims = folder / "shims"
        self.shims.mkdir()
        self.site.mkdir()
        for name, text in (("pipx", _INSTALLER), ("pip", _INSTALLER), ("gh", _SECRETS)):
            (self.shims / name).write_text(text)
            (self.shims / name).chmod(0o755)
        (folder / "home").mkdir()
        git = "[user]\nname = Company\nemail = company@example.com\n[init]\ndefaultBranch = main\n"
        (folder / "home/.gitconfig").write_text(git)
        self.git("init", "--quiet", "--bare", str(self.origin))
        self.handler = functools.partial(Api, self)

    def environment(self, *folders: Path, **more: str) -> dict[str, str]:
        """Return the environment of a shell here; nothing of this process but where Python's modules lie.

        The register's own address is that of this machine: REGISTER_BASE_URL stands for it.
        """
        path = ":".join(map(str, (*folders, self.shims, "/usr/local/bin", "/usr/bin", "/bin")))
        kept = {
            name: os.environ[name] for name in ("PYTHONPATH", "COVERAGE_PROCESS_START") if name in os.environ
        }
        usual = {"HOME": str(self.folder / "home"), "LC_ALL": "C.UTF-8", "SECRETS": str(self.secrets)}
        return {**kept, **usual, "PATH": path, "REGISTER_BASE_URL": self.public, **more}

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """Run git, which has to succeed, and return what it says."""
        done = run(need("git"), *words, cwd=cwd or self.folder, env=self.environment())
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def tip(self, branch: str) -> str:
        """Return the newest commit of a branch."""
        return self.git("--git-dir", str(self.origin), "rev-parse", f"refs/heads/{branch}")

    def move(self, branch: str, commit: str | None) -> None:
        """Let a branch show a commit, or remove it, as somebody does who may do all here."""
        words = ("-d", f"refs/heads/{branch}") if commit is None else (f"refs/heads/{branch}", commit)
        self.git("--git-dir", str(self.origin), "update-ref", *words)

    def call(self, method: str, path: str, data: str) -> tuple[int, object]:
        """Answer a call of the API."""
        repository, _, rest = path.partition("/acme/trust/")
        assert repository == "/repos", path
        if (method, rest) == ("POST", "pages/builds"):
            if self.pages_on:
                self.build(self.tip(TREE))
            return (201 if self.pages_on else 404), {}
        if (method, rest) == ("GET", "issues/7/comments?per_page=100"):
            return 200, self.comments
        body = json.loads(data)["body"]
        if (method, rest) == ("POST", "issues/7/comments"):
            mine = {"login": "github-actions[bot]"}
            self.comments.append({"id": len(self.comments) + 1, "user": mine, "body": body})
            return 201, {}
        number = re.fullmatch(r"issues/comments/(\d+)", rest)
        if method != "PATCH" or number is None:
            return 404, None
        self.comments[int(number[1]) - 1]["body"] = body
        return 200, {}

    def build(self, commit: str) -> None:
        """Serve a commit from now on."""
        shutil.rmtree(self.site)
        self.git("--git-dir", str(self.origin), "worktree", "prune")
        self.git("--git-dir", str(self.origin), "worktree", "add", "--detach", str(self.site), commit)


class Job:
    """A job of a workflow file, in a fresh clone.

    Attributes:
        said: What its steps printed so far, on both streams.
        outputs: Its outputs, for the jobs that need it.
        summary: What it wrote for people.
    """

    def __init__(self, service: GitService, name: str, event: dict[str, Any], days: int = 0) -> None:
        """Clone the commit of an event, and read the workflow file in it.

        Args:
            service: Where.
            name: Of the job.
            event: The context ``github`` of the file, and ``needs``.
            days: How many days from now it runs.
        """
        self._service, self._days, self.said, self.summary = service, days, "", ""
        self.clone = Path(tempfile.mkdtemp(prefix="job-", dir=service.folder))
        origin = f"file://{service.origin}"
        service.git("clone", "--quiet", "--no-checkout", origin, str(self.clone))
        service.git("checkout", "--quiet", "--detach", event["github"]["sha"], cwd=self.clone)
        file = self.clone / ".github/workflows/register.yml"
        self.workflow = yaml.safe_load(file.read_text("utf-8"))
        self._job = self.workflow["jobs"][name]
        environment = self._job.get("environment", "-")
        secrets = {path.name: path.read_text() for path in (service.secrets / environment).glob("*")}
        self._context: dict[str, Any] = {
            **event,
            "github": {"token": service.token, **event["github"]},
            "secrets": secrets,
            "steps": {},
        }
        self._left = list(self._job["steps"])
        self._installed = self.clone.with_name(f"{self.clone.name}-bin")
        self._installed.mkdir()

    @property
    def starts(self) -> bool:
        """Whether its condition holds."""
        said = self._job["if"].replace("always()", "True").replace("&&", " and ").replace("||", " or ")
        code = _NAME.sub(lambda found: repr(self._look_up(found[0])), said)
        return bool(eval(code))  # noqa: S307  (our own file, its names put in as values)

    @property
    def outputs(self) -> dict[str, str]:
        """What jobs that need this one are given."""
        return {name: self._filled(value) for name, value in self._job.get("outputs", {}).items()}

    def go(self, before: str | None = None) -> bool:
        """Run the steps that are left, or those before one; tell whether all went well."""
        while self._left and not (before and self._left[0].get("name", "").startswith(before)):
            step = self._left.pop(0)
            if "uses" in step:
                assert _CHECKOUT.fullmatch(step["uses"])
            elif not self._run(step):
                return False
        return True

    def _run(self, step: dict[str, Any]) -> bool:
        parts = {
            name: self.clone.with_name(f"{self.clone.name}-{name}") for name in ("run", "output", "summary")
        }
        for path in parts.values():
            path.write_text("")
        parts["run"].write_text(step["run"])
        done: Done = run(
            *later(self._days),
            "bash",
            "-e",
            parts["run"],
            cwd=self.clone,
            env=self._environment(step, parts["output"], parts["summary"]),
        )
        self.said += done.stdout + done.stderr
        lines = parts["output"].read_text().splitlines()
        self._context["steps"][step.get("id", "-")] = {"outputs": dict(line.split("=", 1) for line in lines)}
        self.summary += parts["summary"].read_text()
        return done.returncode == 0

    def _environment(self, step: dict[str, Any], output: Path, summary: Path) -> dict[str, str]:
        said = {**self.workflow.get("env", {}), **self._job.get("env", {}), **step.get("env", {})}
        return self._service.environment(
            self._installed,
            INSTALLED=str(self._installed),
            GITHUB_API_URL=self._service.api.rstrip("/"),
            GITHUB_OUTPUT=str(output),
            GITHUB_REF=self._context["github"]["ref"],
            GITHUB_REPOSITORY="acme/trust",
            GITHUB_SHA=self._context["github"]["sha"],
            GITHUB_STEP_SUMMARY=str(summary),
            **{name: self._filled(str(value)) for name, value in said.items()},
        )

    def _filled(self, text: str) -> str:
        return _VALUE.sub(lambda found: str(self._look_up(found[1])), text)

    def _look_up(self, name: str) -> object:
        value: object = self._context
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""
        return value
