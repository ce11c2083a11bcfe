"""Which recipes there are: those that come along, and the operator's own."""

import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from server.connectors.recipe import Recipe
from server.connectors.recipes import google_meet, roomtone, teams, webex, zoom
from server.errors import ConfigError

BUILT_IN: Final[Mapping[str, Recipe]] = {
    module.RECIPE.name: module.RECIPE for module in (google_meet, teams, zoom, webex, roomtone)
}


def recipes_for(sites: Mapping[str, str]) -> Mapping[str, Recipe]:
    """The recipes by name: the built-in ones, and each that a site is given.

    Args:
        sites: The setting `bots.sites`.

    Raises:
        ConfigError: A site is given a recipe that does not exist.
    """
    found = dict(BUILT_IN)
    for site, name in sites.items():
        if name not in found:
            found[name] = _load(site, name)
    return found


def _load(site: str, name: str) -> Recipe:
    """A recipe of the operator's, `module:NAME` or `file.py:NAME`."""
    place, _, attribute = name.rpartition(":")
    hint = f"Give {site} one of {', '.join(sorted(BUILT_IN))}, or module:NAME, or file.py:NAME."
    if not place or not attribute:
        raise ConfigError(f"bots.sites: there is no recipe {name!r}", hint)
    try:
        if place.endswith(".py"):
            path = Path(place)
            spec = importlib.util.spec_from_file_location(path.stem, path)
            assert spec is not None  # noqa: S101  (the name of the file ends in .py)
            assert spec.loader is not None  # noqa: S101
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(place)
    except Exception as error:
        raise ConfigError(f"bots.sites: {place} cannot be loaded: {error!r}", hint) from error
    recipe = getattr(module, attribute, None)
    if not isinstance(recipe, Recipe):
        raise ConfigError(f"bots.sites: {name} is no recipe", hint)
    return recipe
