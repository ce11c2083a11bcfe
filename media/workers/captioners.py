"""Captions in media workers: heard beside the engine, text alone crosses to the control process."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Final

from media.captions.port import (
    CaptionFigures,
    CaptionListener,
    CaptionSpec,
    RunningCaptions,
)
from media.errors import MediaError
from media.tasks import OnError, TaskScope
from media.workers import messages as m
from media.workers.link import Link, WorkerLostError

_NONE: Final = CaptionFigures()


class RemoteCaptioners:
    """Satisfies `media.captions.port.Captioners`.

    Args:
        link_of: The worker that a room lives in.
        on_error: Told of bugs.
    """

    def __init__(self, link_of: Callable[[str], Link], on_error: OnError) -> None:
        self._link_of = link_of
        self._on_error = on_error
        self._scope = TaskScope(on_error)
        self._running: dict[str, _RemoteCaptions] = {}
        self._figures: dict[Link, CaptionFigures] = {}

    async def caption(self, spec: CaptionSpec, listener: CaptionListener) -> RunningCaptions:
        """Caption every audio track of a room from now on, in its worker.

        Raises:
            TranscriberUnavailableError: The speech engine cannot run there.
            MediaError: The worker is gone.
        """
        one = _RemoteCaptions(self._link_of(spec.room_id), spec, listener, self)
        self._running[spec.room_id] = one  # what is said is told before the call is answered
        try:
            await one.begin()
        except BaseException:
            self.forget(spec.room_id)
            raise
        return one

    def figures(self) -> CaptionFigures:
        """What became of utterances so far, in all workers that run."""
        return added(self._figures.values())

    async def close(self) -> None:
        """Workers end their engines themselves."""
        await self._scope.close()

    # What workers say

    def counted(self, link: Link, figures: CaptionFigures) -> None:
        """A worker's figures."""
        self._figures[link] = figures

    def said(self, room_id: str, tell: Callable[[CaptionListener], None]) -> None:
        """Something was said in a room."""
        one = self._running.get(room_id)
        if one is not None:
            tell(one.listener)

    def lost(self, link: Link) -> None:
        """Go on in the successor of a worker that died; what was being said is lost."""
        _ = self._figures.pop(link, None)
        for one in self._running.values():
            if one.link is link and one.settled.is_set():
                one.settled.clear()
                _ = self._scope.spawn(one.go_on(), name="go on with captions")

    def forget(self, room_id: str) -> None:
        """They were stopped."""
        _ = self._running.pop(room_id, None)

    def failed(self, error: MediaError) -> None:
        """The successor cannot go on."""
        self._on_error("go on with captions", error)


class _RemoteCaptions:
    """The captions of one room in a worker."""

    def __init__(
        self, link: Link, spec: CaptionSpec, listener: CaptionListener, home: RemoteCaptioners
    ) -> None:
        self.link = link
        self.listener = listener
        self.settled = asyncio.Event()
        self._spec = spec
        self._home = home

    async def begin(self) -> None:
        _ = await self.link.call(lambda call: m.StartCaptions(call, self._spec))
        self.settled.set()

    async def go_on(self) -> None:
        """Begin again in the successor; its own successor, when that dies as well."""
        try:
            while not self.settled.is_set():
                try:
                    await self.begin()
                except WorkerLostError:
                    continue
        except MediaError as error:
            self._home.failed(error)
        finally:
            self.settled.set()

    async def stop(self) -> None:
        """Finish what is being said and stop; with a dead worker there is nothing to wait for."""
        room_id = self._spec.room_id
        try:
            _ = await self.settled.wait()
            _ = await self.link.call(lambda call: m.StopCaptions(call, room_id))
        except WorkerLostError:
            return
        finally:
            self._home.forget(room_id)


def added(all_figures: Iterable[CaptionFigures]) -> CaptionFigures:
    """Figures of several workers as one; ready when any is."""
    every = list(all_figures)
    if not every:
        return _NONE
    sums: Mapping[str, float] = {
        one.name: sum(getattr(each, one.name) for each in every)
        for one in fields(CaptionFigures)
        if one.name != "ready"
    }
    return CaptionFigures(ready=any(each.ready for each in every), **sums)  # type: ignore[arg-type]
