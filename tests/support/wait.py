"""Waiting for a condition under a deadline: what tests do where others sleep."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_LOOK_SECONDS = 0.01
_ASK_SECONDS = 0.05


async def until(
    condition: Callable[[], object],
    within: float = 30.0,
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


async def answered(
    ask: Callable[[], Awaitable[T]],
    good: Callable[[T], object],
    within: float = 30.0,
) -> T:
    """Ask again and again over the network; the first good answer.

    Raises:
        AssertionError: There is none within `within` seconds; the text holds the last one.
    """
    end = time.monotonic() + within
    while not good(answer := await ask()):
        if time.monotonic() > end:
            raise AssertionError(f"still {answer} after {within} s")
        await asyncio.sleep(_ASK_SECONDS)
    return answer
