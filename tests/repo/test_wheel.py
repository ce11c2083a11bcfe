"""The wheel holds the three rings and the built web app, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from repo.tree import ROOT


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """File names inside a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = Path(folder).glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_top_level_is_the_three_rings(names: list[str]):
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {
        "media",
        "signaling",
        "server",
    }


def test_the_web_app_is_inside(names: list[str]):
    assert "server/_web/index.html" in names
    assert not [name for name in names if "node_modules" in name]


def test_migrations_are_inside(names: list[str]):
    assert [name for name in names if name.startswith("server/storage/migrations/versions/")]
