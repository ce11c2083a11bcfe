"""What the repository tests look at: the files that git tracks or would."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RINGS = ("media", "signaling", "server")


@cache
def files() -> tuple[Path, ...]:
    """Tracked files and untracked ones that are not ignored, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return tuple(sorted(path for name in set(listed) if (ROOT / (path := Path(name))).is_file()))


def modules() -> tuple[Path, ...]:
    """The product's Python modules, packages' `__init__` left out."""
    return tuple(
        path
        for path in files()
        if path.suffix == ".py"
        and path.parts[0] in RINGS
        and path.name != "__init__.py"
        and "migrations" not in path.parts
    )


def read(path: Path) -> str:
    """A file's text."""
    return (ROOT / path).read_text(encoding="utf-8")
