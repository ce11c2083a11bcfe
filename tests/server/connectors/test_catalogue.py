"""Recipes by name, the operator's own too."""

from pathlib import Path

import pytest

from server.connectors.catalogue import BUILT_IN, recipes_for
from server.connectors.recipes.zoom import RECIPE
from server.errors import ConfigError


def test_the_built_in_ones_are_there():
    assert set(recipes_for({})) == {"google_meet", "teams", "zoom", "webex", "roomtone"}
    assert recipes_for({"a.example": "zoom"}) == BUILT_IN


def test_an_operator_has_recipes_of_their_own(tmp_path: Path):
    module = "server.connectors.recipes.zoom:RECIPE"
    file = tmp_path / "mine.py"
    file.write_text("from server.connectors.recipes.zoom import RECIPE as MINE\n")
    found = recipes_for({"a.example": module, "b.example": f"{file}:MINE"})
    assert found[module] is RECIPE
    assert found[f"{file}:MINE"] is RECIPE


@pytest.mark.parametrize(
    "name", ["jitsi", "no.such.module:RECIPE", "/no/such/file.py:RECIPE", "json:loads", "json:x"]
)
def test_a_recipe_that_does_not_exist_is_a_mistake_in_the_settings(name: str):
    with pytest.raises(ConfigError) as error:
        recipes_for({"a.example": name})
    assert "bots.sites" in error.value.message
    assert "a.example" in error.value.hint


def test_a_file_that_fails_is_named(tmp_path: Path):
    (tmp_path / "bad.py").write_text("1 / 0\n")
    with pytest.raises(ConfigError, match=r"bad\.py"):
        recipes_for({"a.example": f"{tmp_path / 'bad.py'}:RECIPE"})
