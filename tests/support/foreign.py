"""Foreign pages that play what a test wants, without a browser."""

from collections.abc import Iterable, Sequence

from server.connectors.browser.page import PageError
from server.connectors.look import Look
from server.connectors.recipe import Mark, Recipe, Step


class PlayedPage:
    """Shows one look after the other, the last for ever. Satisfies `page.ForeignPage`.

    Attributes:
        done: What was asked of it, as words.
        sent: The track of each publication by its key.
    """

    def __init__(self, looks: Iterable[Look | PageError] = (), fault: PageError | None = None):
        self._looks = list(looks) or [Look()]
        self._fault = fault
        self.done: list[str] = []
        self.sent: dict[str, str | None] = {}
        self.closed = False

    async def open(self, url: str) -> None:
        self.done.append(f"open {url}")
        if self._fault is not None:
            raise self._fault

    async def look(self) -> Look:
        seen = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        if isinstance(seen, PageError):
            raise seen
        return seen

    async def take(self, step: Step, text: str) -> None:
        self.done.append(f"{step.do} {step.at.css} {text}")

    async def press(self, marks: Sequence[Mark]) -> None:
        self.done += [f"press {mark.css}" for mark in marks]

    async def offer(self, key: str, track: str) -> str:
        self.sent[key] = track
        return f"offer of {key}"

    async def answer(self, key: str, sdp: str) -> None:
        self.done.append(f"answer {key} {sdp}")

    async def put(self, key: str, track: str | None) -> None:
        self.sent[key] = track

    async def drop(self, key: str) -> None:
        _ = self.sent.pop(key, None)

    async def close(self) -> None:
        self.closed = True


class PlayedBrowsers:
    """Gives one page after the other. Satisfies `page.Browsers`."""

    def __init__(self, *pages: PlayedPage | PageError, missing: str | None = None) -> None:
        self._pages = list(pages)
        self._missing = missing

    async def missing(self) -> str | None:
        return self._missing

    async def start(self, recipe: Recipe, *, shown: bool) -> PlayedPage:
        page = self._pages.pop(0)
        if isinstance(page, PageError):
            raise page
        return page
