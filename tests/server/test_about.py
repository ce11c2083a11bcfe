import tomllib

from repo.tree import ROOT

from server.about import NAME, version_text


def test_the_version_is_the_distributions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (NAME, version_text()) == (project["name"], project["version"])
