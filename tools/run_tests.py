"""Runs the test groups one after another, shows progress, and ends with one line of counts.

Usage: run_tests.py [--only GROUP]... [pytest arguments]
"""

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv/bin"
WEB = ROOT / "web"
MANY = 12  # more failures than this are no accident
SILENCE_SECONDS = 600  # no test takes longer than its timeout
COUNTS_BYTES = 8000  # the last lines, which hold the counts


IN_CHROMIUM = (
    "--override-ini",
    "addopts=--import-mode=importlib --strict-markers -ra",
    "--timeout",
    "240",
    "tests/e2e",
)
LAST_FAILED = ("--last-failed", "--last-failed-no-failures", "none")


@dataclass(frozen=True)
class Group:
    """Commands that belong together; all are run, one that fails fails the group.

    `again` runs the failed tests of real servers and browsers once more, one at a time: on a shared
    machine a deadline may pass while somebody else computes. What passes only then is named.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    folder: Path = ROOT
    again: tuple[str, ...] = ()


def groups(extra: list[str]) -> list[Group]:
    """Every group in the order in which failures are most useful."""
    pytest = (str(BIN / "pytest"), "-q", "-m", "not long", *extra)
    return [
        Group(
            "check",
            (
                (str(BIN / "ruff"), "check", "--quiet", "."),
                (str(BIN / "ruff"), "format", "--check", "--quiet", "."),
                (str(BIN / "mypy"),),
                (str(BIN / "lint-imports"), "--no-logo"),
                (*pytest, "tests/repo"),
            ),
        ),
        Group("web check", (("npm", "run", "--silent", "check"),), WEB),
        Group(
            "unit",
            (
                (
                    *pytest,
                    "-n",
                    "2",
                    "--dist",
                    "loadfile",
                    "--ignore=tests/e2e",
                    "--ignore=tests/repo",
                    "tests",
                ),
            ),
            again=(*pytest, *LAST_FAILED, "--ignore=tests/e2e", "--ignore=tests/repo", "tests"),
        ),
        Group("web", (("npm", "run", "--silent", "test"),), WEB),
        Group(
            "e2e",
            ((*pytest, "-n", "2", "--dist", "loadfile", *IN_CHROMIUM),),
            again=(*pytest, *LAST_FAILED, *IN_CHROMIUM),
        ),
    ]


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description="Run Roomtone's tests.")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        help="check, web check, unit, web or e2e; `check` includes web check",
    )
    options, extra = parser.parse_known_args()
    wanted = set(options.only)
    if "check" in wanted:
        wanted.add("web check")
    passed = failed = skipped = 0
    broken: list[str] = []
    for group in groups(extra):
        if wanted and group.name not in wanted:
            continue
        if group.name == "e2e" and os.environ.get("ROOMTONE_TEST_BROWSER") == "skip":
            print("== e2e left out: ROOMTONE_TEST_BROWSER=skip", flush=True)
            continue
        ok, counts = run(group)
        passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
        if not ok:
            broken.append(group.name)
    if broken:
        print(f"failed groups: {', '.join(broken)}", flush=True)
        failed = max(failed, 1)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if broken else 0


def run(group: Group) -> tuple[bool, tuple[int, int, int]]:
    """Run a group's commands, echoing their output, and count the tests in it."""
    started = time.monotonic()
    print(f"== {group.name}", flush=True)
    ok, counts = True, (0, 0, 0)
    for command in group.commands:
        done, found = _echo(command, group.folder)
        ok = done and ok
        counts = (counts[0] + found[0], counts[1] + found[1], counts[2] + found[2])
    if not ok and group.again and 0 < counts[1] <= MANY:
        print(f"== {group.name}: {counts[1]} failed, one more try", flush=True)
        ok, found = _echo(group.again, group.folder)
        counts = (counts[0] + found[0], found[1], counts[2] + found[2])
    print(
        f"== {group.name} {'ok' if ok else 'FAILED'} in {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return ok, counts


def _echo(command: tuple[str, ...], folder: Path) -> tuple[bool, tuple[int, int, int]]:
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    # Some thirty servers are started: each would compile every module again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if shutil.which(command[0], path=environment["PATH"]) is None:
        print(f"{command[0]} is missing: run make setup-dev", flush=True)
        return False, (0, 0, 0)
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = b""
    assert isinstance(process.stdout, io.BufferedReader)
    with _watch(process) as heard:
        while piece := process.stdout.read1():
            heard()
            sys.stdout.buffer.write(piece)
            sys.stdout.flush()
            said = (said + piece)[-COUNTS_BYTES:]
    return process.wait() == 0, _counts(said.decode(errors="replace"))


@contextmanager
def _watch(process: subprocess.Popen[bytes]) -> Iterator[Callable[[], None]]:
    """Kill a run that says nothing for long: pytest-xdist may wait for a worker that has died."""
    latest = [time.monotonic()]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1):
            if time.monotonic() - latest[0] > SILENCE_SECONDS:
                print(f"nothing was said for {SILENCE_SECONDS} s: ended", flush=True)
                process.kill()
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield lambda: latest.__setitem__(0, time.monotonic())
    finally:
        ended.set()
        thread.join()


def _counts(text: str) -> tuple[int, int, int]:
    """Tests passed, failed and skipped, as pytest's or vitest's last lines say."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    closing = [
        line
        for line in plain.splitlines()
        if re.search(r"\b\d+ (passed|failed|skipped)", line)
        and (" in " in line or line.strip().startswith("Tests"))
    ]
    if not closing:
        return 0, 0, 0

    def number(word: str) -> int:
        match = re.search(rf"(\d+) {word}", closing[-1])
        return int(match.group(1)) if match else 0

    return number("passed"), number("failed") + number("error"), number("skipped")


if __name__ == "__main__":
    sys.exit(main())
