"""A fresh company without a machine of its own: pull request, publication, schedule, a stranger who verifies.

The guide's commands and the workflow file are carried out as they stand.
"""

from __future__ import annotations

import base64
import functools
import json
import shutil
import tempfile
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from commands import BIN
from documented import documented
from git_service import TREE, GitService, Job, PagesHost, later

from memory_folder import memory_folder
from programs import Done, run
from running import serving
from tools import need

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDE = "docs/hosting-on-pages.md"
EXPIRED = 13
VENDOR = "register/subprocessors/example-host.toml"


class Company:
    """People who edit a register in a clone, and the service that has their repository."""

    def __init__(self, folder: Path, public: str) -> None:
        """Do what the guide says."""
        self.service, self.folder = GitService(folder, public), folder / "trust"
        self.shell("register-api init trust --name Acme --domain acme.example", folder)
        self.shell(f"git init -q && git remote add origin file://{self.service.origin}")
        self.shell(f"sed -i 's/Example Host/Acme Host/' {VENDOR}")
        for text in ("mkdir -p", "export --pages", "gh secret set"):
            self.shell(documented(GUIDE, "sh", text))

    def shell(self, script: str, folder: Path | None = None) -> Done:
        """Run lines of bash in the clone; all of them have to go well."""
        done = run(
            "bash",
            "-euo",
            "pipefail",
            "-c",
            script,
            cwd=folder or self.folder,
            env=self.service.environment(BIN),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def push(self, branch: str, edit: tuple[str, str] | None, message: str = "An edit") -> str:
        """Edit the vendor's file, commit it, and push it; return the commit."""
        if edit:
            path = self.folder / VENDOR
            text = path.read_text("utf-8")
            assert edit[0] in text
            path.write_text(text.replace(*edit, 1), "utf-8")
        git = self.service.git
        git("commit", "--quiet", "--allow-empty", "--all", "-m", message, cwd=self.folder)
        git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", cwd=self.folder)
        return git("rev-parse", "HEAD", cwd=self.folder)

    def job(self, name: str, event: str, days: int = 0, **needs: object) -> Job:
        """Return a job of an event on the newest commit: of main, or of the pull request."""
        branch = "review" if event == "pull_request" else "main"
        github = {
            "event_name": event,
            "sha": self.service.tip(branch),
            "ref": f"refs/heads/{branch}",
            "repository": "acme/trust",
            "event": {"pull_request": {"number": 7, "head": {"repo": {"full_name": "acme/trust"}}}},
        }
        return Job(self.service, name, {"github": github, "needs": needs}, days)

    def review(self) -> tuple[Job, bool]:
        """Run the jobs of a pull request."""
        check = self.job("check", "pull_request")
        good = check.starts and check.go()
        if good:
            comment = self.job("comment", "pull_request", check={"outputs": check.outputs})
            assert comment.starts
            assert comment.go(), comment.said
        return check, good

    def signed(self, name: str, event: str, days: int = 0) -> Job:
        """Run a job that signs, and the one that has the branch served."""
        job = self.job(name, event, days)
        assert job.starts
        assert job.go(), job.said
        pages = self.job("pages", event, days, **{name: {"result": "success"}})
        assert pages.starts
        assert pages.go(), pages.said
        return job

    def verify(self, days: int = 0) -> Done:
        """Look at what is served as a stranger who has the first root, some days from now."""
        at = later(days)
        words = ("verify", self.service.public, "--root", self.folder / "keys/1.root.json")
        return run(*at, BIN / "register-api", *words, env=self.service.environment(BIN))


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    """A company that has done what the guide says, and whose pages are served."""
    for program in ("bash", "curl", "git", "jq", "faketime"):
        need(program)
    with memory_folder() as folder:
        (folder / "served").mkdir()
        host = functools.partial(PagesHost, directory=str(folder / "served/site"))
        with serving(ThreadingHTTPServer(("127.0.0.1", 0), host)) as public:
            made = Company(folder / "served", public)
            with serving(ThreadingHTTPServer(("127.0.0.1", 0), made.service.handler)) as api:
                made.service.api = api
                made.service.build(made.service.tip(TREE))
                yield made


def line_of(company: Company, beginning: str) -> int:
    """Return the number of the line of the vendor's file that begins so."""
    lines = (company.folder / VENDOR).read_text("utf-8").splitlines()
    return 1 + next(number for number, line in enumerate(lines) if line.startswith(beginning))


def test_from_a_pull_request_to_a_week_later(company: Company) -> None:
    """A fault is annotated, a preview commented, what is merged published, what is due renewed."""
    service = company.service
    assert company.verify().returncode == 0
    before = service.tip(TREE)
    # A fault: an annotation at its line, no comment.
    company.push("review", ('purpose = "Servers', "purpose = \N{DOUBLE LOW-9 QUOTATION MARK}Servers"))
    check, good = company.review()
    assert not good
    assert f"::error file={VENDOR},line={line_of(company, 'purpose')},col=" in check.said
    assert service.comments == []
    # Mended: a comment in the words of preview, written over at the next push.
    company.push("review", ("purpose = \N{DOUBLE LOW-9 QUOTATION MARK}Servers", 'purpose = "Clouds'))
    check, good = company.review()
    assert good, check.said
    (comment,) = service.comments
    assert check.summary in comment["body"]
    assert "Clouds and storage for the application" in comment["body"]
    assert "Version 2" in comment["body"]
    company.push("review", ('purpose = "Clouds', 'purpose = "[x](https://x.example) @all $(id) Machines'))
    check, good = company.review()
    assert good, check.said
    (comment,) = service.comments
    assert "Machines" in comment["body"]
    assert "Clouds" not in comment["body"]
    assert "[x](" not in comment["body"]
    assert service.tip(TREE) == before
    # Merged: published with the keys of the environment, served, and good for a stranger.
    message = 'Merge\n\nRegister-Reason: $(touch hacked) "We say it" better\n'
    company.push(
        "main", ('purpose = "[x](https://x.example) @all $(id) Machines', 'purpose = "Machines'), message
    )
    job = company.signed("publish", "push")
    assert "Published version 2" in job.said
    assert "PRIVATE" not in job.said
    assert not list(job.clone.rglob("*.pem.old")) + list(job.clone.rglob("var/keys/*.pem"))
    register = json.loads((service.site / "v1/register.json").read_text("utf-8"))
    assert register["reason"]["text"] == '$(touch hacked) "We say it" better'
    found = company.verify()
    assert found.returncode == 0, found.stdout
    # Nine days later it holds; then a weekly job renews it, with the online key alone.
    assert company.verify(9).returncode == 0
    job = company.signed("refresh", "schedule", days=9)
    assert company.verify(25).returncode == EXPIRED
    # Jobs that were missed are made up for.
    company.signed("refresh", "workflow_dispatch", days=40)
    assert company.verify(41).returncode == 0
    names = {path.name for path in service.site.rglob("*")}
    assert {".nojekyll", "404.html", "_headers", "_redirects"} <= names
    assert not [name for name in names if name.endswith((".gz", ".br", ".zst", ".pem.old"))]


def test_of_two_jobs_at_once_one_wins_and_nothing_forks(company: Company) -> None:
    """The second push is refused; what it had signed is seen by nobody, and the next run goes on."""
    service = company.service
    company.push("main", ("and storage", "and disks"))
    slow, fast = company.job("publish", "push", days=41), company.job("publish", "push", days=41)
    late = company.job("refresh", "schedule", days=41)
    for job in (slow, fast, late):
        assert job.go(before="Put the tree"), job.said
    assert fast.go(), fast.said
    won = service.tip(TREE)
    for job in (slow, late):
        assert not job.go()
        assert "rejected" in job.said
    assert service.tip(TREE) == won
    again = company.signed("publish", "push", days=41)
    assert "Nothing has changed" in again.said
    assert company.verify(41).returncode == 0
    history = service.git("--git-dir", str(service.origin), "log", "--format=%P", TREE).splitlines()
    assert all(len(parents.split()) <= 1 for parents in history)
    # Somebody releases the run of an older commit after the source was changed again.
    company.push("main", ("for the", "of the"))
    old, before = company.job("publish", "push", days=41), service.tip(TREE)
    company.push("main", ("of the", "for the"))
    assert not old.go()
    assert "register/ has changed on refs/heads/main" in old.said
    assert service.tip(TREE) == before
    # A later commit of something else starts no run of its own, and holds up none.
    company.push("main", ("for the", "of the"))
    old = company.job("publish", "push", days=41)
    company.push("main", None)
    assert old.go(), old.said
    assert service.tip(TREE) != before


def test_what_is_missing_or_was_turned_back_ends_a_job_before_it_signs(company: Company) -> None:
    """Each tells what it is; nothing of it is seen."""
    service = company.service
    company.signed("refresh", "schedule", days=41)
    newest = service.tip(TREE)
    # Who can write to the repository gets no signature below what customers have seen.
    service.move(TREE, service.git("--git-dir", str(service.origin), "rev-list", "--max-parents=0", TREE))
    job = company.job("refresh", "schedule", days=41)
    assert not job.go()
    assert "recover --from" in job.said
    service.move(TREE, newest)
    # The environment has no secrets yet.
    (service.secrets / "register-refresh").rename(service.secrets / "away")
    job = company.job("refresh", "schedule", days=41)
    assert not job.go()
    assert "a job can have it in REGISTER_KEY_ONLINE" in job.said
    (service.secrets / "away").rename(service.secrets / "register-refresh")
    # Nothing is published yet: there is no tree, and a pull request is judged as a first version.
    service.move(TREE, None)
    job = company.job("publish", "push", days=41)
    assert not job.go()
    assert f"couldn't find remote ref {TREE}" in job.said
    company.push("review", None)
    check, good = company.review()
    assert good, check.said
    assert r"Version 1 \(initial\) against nothing" in check.summary
    service.move(TREE, newest)
    # A host of applications answers 200 for what is missing, unless there is a page for it.
    (service.site / "404.html").unlink()
    assert company.verify(41).returncode not in (0, EXPIRED)
    service.build(newest)
    assert company.verify(41).returncode == 0


def gitlab_job(company: Company, name: str, public: Path, *, branch: str = "main", **more: str) -> Done:
    """Run a job of .gitlab-ci.yml in a fresh clone; what it hands on lies in ``public`` then, and before."""
    service = company.service
    text = company.shell("register-api export --gitlab --fresh-for 15d").stdout
    jobs = yaml.safe_load(text)
    job: dict[str, Any] = {}
    parts = [jobs[name]]
    while "extends" in parts[-1]:
        parts.append(jobs[parts[-1]["extends"]])
    for part in reversed(parts):
        job |= part
    clone, programs = (Path(tempfile.mkdtemp(prefix="gitlab-", dir=service.folder)) for _ in range(2))
    service.git("clone", "--quiet", "--branch", branch, f"file://{service.origin}", str(clone))
    if public.exists():
        shutil.move(public, clone / "public")
    env = service.environment(
        programs,
        INSTALLED=str(programs),
        CI_COMMIT_BRANCH=branch,
        CI_COMMIT_SHA=service.tip(branch),
        **jobs["variables"],
        **more,
    )
    lines = [*job.get("before_script", []), *job["script"]]
    done = run(*later(42), "bash", "-eo", "pipefail", "-c", "\n".join(lines), cwd=clone, env=env)
    if done.returncode == 0 and "public" in job["artifacts"]["paths"]:
        shutil.move(clone / "public", public)
    return done


def test_the_jobs_of_gitlab_do_the_same(company: Company, tmp_path: Path) -> None:
    """Keys on one line, as GitLab hides them; the job for Pages serves what was signed."""
    company.push("main", ("Frankfurt", "Offenbach"))
    public, before = tmp_path / "public", company.service.tip(TREE)
    check = gitlab_job(company, "check", public)
    assert check.returncode == 0, check.stderr
    assert "Offenbach" in check.stdout
    secrets = company.service.secrets / "register-publish"
    keys = {path.name: base64.b64encode(path.read_bytes()).decode() for path in secrets.iterdir()}
    assert gitlab_job(company, "publish", public).returncode != 0
    assert company.service.tip(TREE) == before
    published = gitlab_job(company, "publish", public, **keys)
    assert published.returncode == 0, published.stderr
    assert company.service.tip(TREE) != before
    pages = gitlab_job(company, "pages", public)
    assert pages.returncode == 0, pages.stderr
    shutil.rmtree(company.service.site)
    shutil.move(public, company.service.site)
    assert company.verify(42).returncode == 0
