"""The rings point one way, and each outside library is met at one place."""

import subprocess
import sys
from graphlib import TopologicalSorter

import pytest
from repo.imports import imported, imports
from repo.tree import ROOT, modules, read


def test_import_contracts_hold():
    done = subprocess.run(
        [f"{sys.prefix}/bin/lint-imports", "--no-logo"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", ["media", "signaling", "server"])
def test_a_ring_imports_alone(package: str):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import {package}"],
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_every_module_imports_alone():
    """Any module may be the first that is imported, because no circle goes through it.

    Importing each in a fresh interpreter says the same and takes a minute.
    """
    TopologicalSorter(imports()).prepare()
    program = "import importlib, sys; [*map(importlib.import_module, sys.argv[1:])]"
    done = subprocess.run(
        [sys.executable, "-c", program, *sorted(imports())],
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import media.names", {"media.names"}),
        ("from media import names", {"media.names"}),
        ("from media.names import Kind", {"media.names"}),
        ("try:\n    import media.names\nexcept ImportError:\n    pass", {"media.names"}),
        ("if TYPE_CHECKING:\n    import media.names", set()),
        ("def late():\n    import media.names", set()),
        ("import asyncio", set()),
    ],
)
def test_only_imports_that_run_count(source: str, found: set[str]):
    assert imported(source, frozenset({"media.names"})) == found


def test_foreign_words_stay_in_their_dialect():
    found = {}
    for module in modules():
        if module.parts[:2] == ("server", "dialects") or str(module) == "server/app.py":
            continue
        text = read(module).lower().replace("convex_id", "")
        words = [w for w in ("getactivesessions", "realtimekit", "meeting buddy") if w in text]
        if words:
            found[str(module)] = words
    assert found == {}
