"""Runs the verifier suite against any verifier that has a command line; needs Python 3.11 and nothing else.

    python run.py VERIFIER.json [--suite FOLDER] [--only TEXT] [--jobs N]

Exit codes: 0 the verifier does what it says of itself, 1 it does not, 2 usage error.
docs/verifier-suite.md says what is in a suite, and what a verifier has to say of itself.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Case = dict[str, Any]
Verifier = dict[str, Any]

SECONDS = 120
"""How long a verifier may take for one tree."""

MEMBERS = {"name", "command", "memory", "at", "arguments", "codes", "checks"}


class Outcome(NamedTuple):
    """What became of one case: ``ok``, ``FAILED`` or ``not asked``, and why."""

    case: Case
    word: str
    why: str = ""


def reason_not_to_ask(case: Case, verifier: Verifier) -> str:
    """Return why a case says nothing about a verifier, or an empty string."""
    if case["check"] and not case["id"].startswith(tuple(verifier["checks"])):
        return "not among what it says that it finds"
    if case["arguments"] and not verifier.get("arguments", False) and not _only_sees_less(case):
        return "it does not take these arguments"
    if case["sees_first"] and "memory" not in verifier:
        return "it does not remember"
    if case["clock"] and "at" not in verifier:
        return "its clock cannot be set"
    return ""


def _only_sees_less(case: Case) -> bool:
    return bool(case["arguments"] == ["--history", "none"])


def arguments_of(case: Case, verifier: Verifier) -> list[str]:
    """Return the verifier's command for a case, with its placeholders."""
    command = list(verifier["at"] if case["clock"] else verifier["command"])
    if case["sees_first"]:
        command += verifier["memory"]
    return command + (case["arguments"] if verifier.get("arguments", False) else [])


class _Handler(SimpleHTTPRequestHandler):
    """Serves the files of a folder as they are."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def end_headers(self) -> None:
        """Let pages of other origins read every answer, as the format has it (docs/format/http.md)."""
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


class _Server(ThreadingHTTPServer):
    """Serves one folder after the other at one address."""

    daemon_threads = True

    def show(self, folder: Path) -> None:
        """Serve this folder from now on."""
        self.RequestHandlerClass = functools.partial(_Handler, directory=str(folder))  # type: ignore[assignment]

    def handle_error(self, *_: object) -> None:
        """Take it calmly when a verifier reads no further."""


@contextlib.contextmanager
def serving() -> Iterator[_Server]:
    """Run a server on a free port of this machine while the block runs."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(SECONDS)


def run_case(suite: Path, verifier: Verifier, here: Path, case: Case) -> Outcome:
    """Show a verifier the trees of a case, and compare what it ends with."""
    why = reason_not_to_ask(case, verifier)
    if why:
        return Outcome(case, "not asked", why)
    folder, trees = suite / "cases" / case["id"], suite / "honest"
    with tempfile.TemporaryDirectory(prefix="verifier-") as name, serving() as server:
        places = {
            "url": f"http://127.0.0.1:{server.server_port}",
            "root": str(trees / case["honest"] / "trust" / "1.root.json"),
            "memory": str(Path(name) / "memory"),
            "given": str(folder / "given"),
            "here": str(here),
            "clock": f"{case['clock']:+d}",
        }
        if case["sees_first"]:
            server.show(trees / case["sees_first"])
            seen = {**case, "arguments": [], "clock": 0}
            before = _ended(arguments_of(seen, verifier), places, Path(name))
            if before.returncode != 0:
                return Outcome(case, "FAILED", f"the tree before it: {_told(before)}")
        server.show(folder / "tree" if (folder / "tree").is_dir() else trees / case["honest"])
        done = _ended(arguments_of(case, verifier), places, Path(name))
    return _judged(case, verifier, done)


def _ended(command: Sequence[str], places: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    filled = []
    for word in command:
        for name, place in places.items():
            word = word.replace(f"{{{name}}}", place)  # noqa: PLW2901 (each place in turn)
        filled.append(word)
    environment = {**os.environ, "NO_COLOR": "1"}
    try:
        return subprocess.run(
            filled, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except OSError as error:
        return subprocess.CompletedProcess(filled, -1, "", str(error))
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(filled, -1, "", f"no end after {SECONDS} seconds")


def _judged(case: Case, verifier: Verifier, done: subprocess.CompletedProcess[str]) -> Outcome:
    if done.returncode < 0:
        return Outcome(case, "FAILED", f"it fell over: {_told(done)}")
    expected = [case["code"]] if verifier.get("codes", False) or not case["code"] else range(1, 256)
    if done.returncode in expected:
        return Outcome(case, "ok")
    wanted = case["code"] if len(expected) == 1 else "any code but 0"
    return Outcome(case, "FAILED", f"{wanted} expected, {_told(done)}")


def _told(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return f"ended with {done.returncode}" + (f": {lines[-1][:200]}" if lines else "")


def read_verifier(path: Path) -> Verifier:
    """Return what a verifier says of itself.

    Raises:
        SystemExit: It cannot be read, or says something else than it may.
    """
    try:
        found: Verifier = json.loads(path.read_text("utf-8"))
        unknown = set(found) - MEMBERS
        missing = {"name", "command", "checks"} - set(found)
    except (OSError, ValueError, TypeError) as error:
        raise SystemExit(f"{path} cannot be read: {error}") from error
    if unknown or missing:
        raise SystemExit(f"{path}: unknown members {sorted(unknown)}, missing ones {sorted(missing)}")
    return found


def main() -> None:
    """Run every case that the verifier can be asked, and print what became of each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("verifier", type=Path, help="what the verifier says of itself")
    parser.add_argument("--suite", type=Path, default=Path(__file__).parent, help="folder with suite.json")
    parser.add_argument("--only", default="", help="run the cases alone whose id has this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="how many at once")
    options = parser.parse_args()
    suite = options.suite.resolve()
    listed = json.loads((suite / "suite.json").read_text("utf-8"))["cases"]
    cases = [
        json.loads((suite / "cases" / name / "case.json").read_text("utf-8"))
        for name in listed
        if options.only in name
    ]
    run = functools.partial(
        run_case, suite, read_verifier(options.verifier), options.verifier.resolve().parent
    )
    words = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for outcome in pool.map(run, cases):
            words.append(outcome.word)
            print(
                f"{outcome.word:<9}  {outcome.case['id']}" + (f"  ({outcome.why})" if outcome.why else ""),
                flush=True,
            )
    asked = len(words) - words.count("not asked")
    print(
        f"{words.count('ok')} of {asked} cases that it was asked are ok, {words.count('not asked')} not asked"
    )
    sys.exit(1 if "FAILED" in words or not asked else 0)


if __name__ == "__main__":
    main()
