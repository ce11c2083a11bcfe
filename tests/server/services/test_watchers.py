from support.domain import meeting

from server.services.watchers import SessionWatchers


class Watcher:
    def __init__(self) -> None:
        self.told: list[str] = []

    async def session_started(self, meeting, session_id):
        self.told.append(f"started {session_id}")

    async def session_ended(self, meeting_id, session_id):
        self.told.append(f"ended {session_id}")


async def test_everybody_is_told_of_every_turn():
    one, other = Watcher(), Watcher()
    watchers = SessionWatchers(one, other)
    await watchers.session_started(meeting(), "s")
    await watchers.session_ended("m", "s")
    assert one.told == other.told == ["started s", "ended s"]
