"""The page port: what the connector asks of a browser that is somewhere else on the web."""

from collections.abc import Sequence
from typing import Protocol

from server.connectors.look import Look
from server.connectors.port import FailureCode
from server.connectors.recipe import Mark, Recipe, Step


class PageError(Exception):
    """The page cannot go on.

    Args:
        code: Why the bot fails.
        message: One sentence for a person.
        transient: Whether another try may go better.
    """

    def __init__(self, code: FailureCode, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.transient = transient


class ForeignPage(Protocol):
    """One browser with one page. Everything but `close` raises `PageError` when it is gone."""

    async def open(self, url: str) -> None:
        """Go there; PageError `JOIN_FAILED`, transient, when nothing can be reached."""

    async def look(self) -> Look:
        """What it shows and hears now."""
        ...

    async def take(self, step: Step, text: str) -> None:
        """Press or fill, with `text`; nothing happens when it is not there any more."""

    async def press(self, marks: Sequence[Mark]) -> None:
        """Press one after the other, as far as they are there."""

    async def offer(self, key: str, track: str) -> str:
        """An SDP offer that sends this track, under a key by which it is known from now on."""
        ...

    async def answer(self, key: str, sdp: str) -> None:
        """Take the answer to it."""

    async def put(self, key: str, track: str | None) -> None:
        """Send another track instead, or nothing for now."""

    async def drop(self, key: str) -> None:
        """Stop sending it; nothing happens when that key is unknown."""

    async def close(self) -> None:
        """End the browser, its processes included. Idempotent, raises nothing."""


class Browsers(Protocol):
    """Where pages come from."""

    async def missing(self) -> str | None:
        """Why there can be none on this machine, in one sentence; None when there can."""
        ...

    async def start(self, recipe: Recipe, *, shown: bool) -> ForeignPage:
        """A browser of its own with an empty page.

        Args:
            recipe: What it will be looked at by.
            shown: On a screen, where there is one.

        Raises:
            PageError: `JOIN_FAILED`, transient: too many run, or it does not start.
        """
        ...
