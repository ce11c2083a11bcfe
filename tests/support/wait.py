"""Waiting for a condition under a deadline: what tests do where others sleep."""

import asyncio
import time
from collections.abc import Callable

_LOOK_SECONDS = 0.01


async def until(
    condition: Callable[[], object],
    within: float = 10.0,
    describe: Callable[[], str] = lambda: "condition did not come true",
) -> None:
    """Return as soon as the condition is true.

    Raises:
        AssertionError: It is not within `within` seconds; the text says what is the case.
    """
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{describe()} within {within} s")
        await asyncio.sleep(_LOOK_SECONDS)
