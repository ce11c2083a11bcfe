"""The page of settings is what the code says."""

from repo.tree import ROOT

from server.configdocs import page


def test_the_page_is_fresh():
    written = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    assert written == page(), "run: roomtone config docs > docs/reference/configuration.md"
