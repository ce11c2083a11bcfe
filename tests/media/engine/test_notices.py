import asyncio

from media.engine.notices import Notices


async def test_calls_are_made_on_the_next_turn_in_order_and_the_latest_of_a_key_last():
    made = []
    notices = Notices(lambda *error: made.append(error))
    notices.tell_latest("slots", lambda: made.append("old"))
    notices.tell(lambda: made.append("first"))
    notices.tell_latest("slots", lambda: made.append("new"))
    notices.tell(lambda: made.append("second"))
    assert made == []
    await asyncio.sleep(0)
    assert made == ["first", "second", "new"]
    await asyncio.sleep(0)
    assert len(made) == 3


async def test_a_listener_that_fails_silences_nobody():
    made, errors = [], []
    notices = Notices(lambda name, error: errors.append((name, str(error))))

    def fail():
        raise RuntimeError("listener's bug")

    notices.tell(fail)
    notices.tell(lambda: made.append(1))
    await asyncio.sleep(0)
    assert made == [1]
    assert errors == [("listener", "listener's bug")]


async def test_a_call_may_tell_again():
    made = []
    notices = Notices(lambda *error: None)
    notices.tell(lambda: notices.tell(lambda: made.append("later")))
    await asyncio.sleep(0)
    assert made == []
    await asyncio.sleep(0)
    assert made == ["later"]
