"""The rings point one way, and each outside library is met at one place."""

import subprocess
import sys

import pytest
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
    names = [".".join(module.with_suffix("").parts) for module in modules()]
    program = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    for loaded in [m for m in sys.modules if m.split('.')[0] in"
        " ('media', 'signaling', 'server')]:\n"
        "        del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *names],
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


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
