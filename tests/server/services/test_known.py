import asyncio

from server.services.known import Known


class Shelf:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    def find(self, key: str, value: str = "found"):
        async def look() -> str:
            self.asked.append(key)
            await self.gate.wait()
            return value

        return look


async def test_an_answer_is_found_once():
    known, shelf = Known[str](9), Shelf()
    assert await known.get("a", shelf.find("a")) == "found"
    assert await known.get("a", shelf.find("a", "other")) == "found"
    assert shelf.asked == ["a"]


async def test_a_change_is_seen_at_once():
    known, shelf = Known[str](9), Shelf()
    await known.get("a", shelf.find("a", "old"))
    known.forget("a")
    assert await known.get("a", shelf.find("a", "new")) == "new"


async def test_an_answer_from_before_a_change_is_not_kept():
    known, shelf = Known[str](9), Shelf()
    shelf.gate.clear()
    early = asyncio.create_task(known.get("a", shelf.find("a", "old")))
    await asyncio.sleep(0)
    known.forget("a")
    shelf.gate.set()
    assert await early == "old"
    assert await known.get("a", shelf.find("a", "new")) == "new"


async def test_the_least_asked_for_goes_first():
    known, shelf = Known[str](2), Shelf()
    for key in ("a", "b", "a", "c", "a", "b"):
        await known.get(key, shelf.find(key))
    assert shelf.asked == ["a", "b", "c", "b"]
