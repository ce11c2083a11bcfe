"""What this program is called and which version it is."""

from functools import cache
from importlib import metadata

NAME = "roomtone"


@cache
def version_text() -> str:
    """The installed distribution's version."""
    return metadata.version(NAME)
