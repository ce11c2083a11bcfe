"""The recipe for another Roomtone; tests/system/test_foreign_meetings.py goes there with it."""

from pathlib import Path

from server.connectors.recipe import Sound
from server.connectors.recipes.roomtone import RECIPE

WEB = Path(__file__).parents[4] / "web/src"


def test_what_it_looks_for_is_what_the_page_writes():
    source = "".join(path.read_text() for path in (WEB).rglob("*.tsx"))
    for attribute in ("data-person", "data-me", "data-kind", "data-reason"):
        assert f"{attribute}=" in source
    assert RECIPE.sound is Sound.OWNED
