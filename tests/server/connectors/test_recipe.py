"""Recipes as data."""

import re

import pytest

from server.connectors.catalogue import BUILT_IN
from server.connectors.links import parse_link
from server.connectors.recipe import Mark, Recipe, Sign, as_given

RECIPES = pytest.mark.parametrize("recipe", BUILT_IN.values(), ids=list(BUILT_IN))


def test_an_expression_that_is_none_is_refused_at_once():
    with pytest.raises(re.error):
        Mark("button", "(")


@RECIPES
def test_the_page_gets_what_it_needs(recipe: Recipe):
    shape = recipe.as_json()
    assert set(shape["signs"]) == {sign.value for sign in recipe.signs}
    assert len(shape["steps"]) == len(recipe.steps)
    assert shape["roster"]["item"] == recipe.roster.item
    assert (shape["owners"] is None) == (recipe.owners is None)


def test_what_a_recipe_has_not_is_none():
    recipe = BUILT_IN["roomtone"]
    bare = Recipe(
        name="bare",
        platform=recipe.platform,
        version="1",
        verified="",
        sound=recipe.sound,
        signs={},
        steps=(),
    )
    assert bare.as_json() == {"signs": {}, "steps": [], "roster": None, "owners": None}


@RECIPES
def test_each_knows_every_end_and_says_what_it_was_verified_on(recipe: Recipe):
    known = set(Sign) - ({Sign.CAPTCHA} if recipe.name == "roomtone" else set())
    assert set(recipe.signs) == known
    assert recipe.verified
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", recipe.version)
    assert recipe.leave


def test_a_link_is_opened_as_given():
    link = parse_link("https://meet.google.com/abc-defg-hij", "https://rt.example")
    assert as_given(link) == link.url
