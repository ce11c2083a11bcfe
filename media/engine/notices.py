"""Facts on their way up: told on the next turn of the loop, never in the middle of packet work."""

import asyncio
from collections.abc import Callable


class Notices:
    """Collects calls to listeners and makes them together.

    Args:
        on_error: Told when a listener raises, which is a bug of the listener.
    """

    def __init__(self, on_error: Callable[[str, BaseException], None]) -> None:
        self._on_error = on_error
        self._calls: list[Callable[[], None]] = []
        self._keyed: dict[object, Callable[[], None]] = {}
        self._scheduled = False

    def tell(self, call: Callable[[], None]) -> None:
        """Make a call on the next turn, in order."""
        self._calls.append(call)
        self._schedule()

    def tell_latest(self, key: object, call: Callable[[], None]) -> None:
        """Make a call on the next turn, after the others; only the last one of a key is made."""
        self._keyed[key] = call
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        calls = [*self._calls, *self._keyed.values()]
        self._calls.clear()
        self._keyed.clear()
        for call in calls:
            try:
                call()
            except Exception as error:  # noqa: BLE001 - one bad listener must not silence the rest
                self._on_error("listener", error)
