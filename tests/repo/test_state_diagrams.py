"""The page of state diagrams is drawn from the tables as they are."""

from pathlib import Path

from repo.tree import read

from signaling.diagrams import page


def test_the_page_is_fresh():
    assert read(Path("docs/reference/state-machines.md")) == page()
