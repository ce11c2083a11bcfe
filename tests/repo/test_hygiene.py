"""What must not be in the repository, and what must."""

import re
from pathlib import Path

import pytest
from repo.tree import ROOT, files, read

# Put together from pieces, so that this file does not contain what it looks for.
FORBIDDEN = (
    "/" + "work/",
    ".." + "/shared",
    "farm" + "-",
    "py" + "pi.org",
    "python" + "hosted",
    "registry." + "npmjs",
    "deb." + "debian",
)
TEXT = {".py", ".md", ".toml", ".ts", ".tsx", ".css", ".json", ".lock", ".sh", ".html", ".yml", ""}
LARGEST = 400_000
FRAGMENT = re.compile(r"^[a-z0-9-]+\.(feature|fix|change|removal|security|docs)\.md$")


def _texts() -> list[Path]:
    return [path for path in files() if path.suffix in TEXT]


@pytest.mark.parametrize("words", FORBIDDEN)
def test_no_place_of_a_machine_and_no_registry_is_named(words: str):
    found = [str(path) for path in _texts() if words in read(path)]
    assert found == []


def test_no_third_party_code_is_copied():
    suspicious = [
        str(path)
        for path in files()
        if "vendor" in path.parts or "node_modules" in path.parts or ".min." in path.name
    ]
    assert suspicious == []


def test_no_file_is_large():
    large = [str(path) for path in files() if (ROOT / path).stat().st_size > LARGEST]
    assert large == []


def test_changelog_fragments_have_a_known_form():
    fragments = [path.name for path in files() if path.parts[0] == "changes"]
    assert fragments
    assert [name for name in fragments if not FRAGMENT.match(name)] == []


def test_every_make_target_has_a_help_line():
    makefile = read(Path("Makefile"))
    public = {"setup", "run", "test", "check", "bench", "bench-janus", "docs", "test-long"}
    helped = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert public <= helped


def test_ci_runs_what_the_readme_names():
    script = (ROOT / ".ci/run").read_text()
    assert "make test" in script
    assert "make test" in read(Path("README.md"))


def test_links_between_documents_lead_somewhere():
    broken = []
    for path in [p for p in files() if p.suffix == ".md" and p.parts[0] != "changes"]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", read(path)):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not (ROOT / path.parent / target).exists():
                broken.append(f"{path}: {target}")
    assert broken == []


def test_each_decision_has_a_number_of_its_own():
    folder = Path("docs/explanation/decisions")
    titles = {path.name: read(path).partition("\n")[0] for path in files() if path.parent == folder}
    numbers = [int(name[:4]) for name in titles]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert all(titles[name].startswith(f"# {int(name[:4])}. ") for name in titles)
