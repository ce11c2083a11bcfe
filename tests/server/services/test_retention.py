from datetime import timedelta

from support.clock import FakeClock
from support.domain import meeting, open_storage, recording, session, tombstone

from server.services.retention import Retention
from signaling.model import RecordingState


class Kept:
    """Three recordings: one old, one young, one that has no end."""

    def __init__(self, storage) -> None:
        self.storage, self.clock, self.gone = storage, FakeClock(), []
        of, now = session(meeting()), self.clock.utc()
        self.old = recording(of, ended_at=now - timedelta(days=8))
        self.young = recording(of, ended_at=now - timedelta(days=6))
        self.running = recording(of, state=RecordingState.RECORDING)

    async def fill(self) -> "Kept":
        for view in (self.old, self.young, self.running):
            await self.storage.save_recording(view)
        return self

    def retention(self, days: float) -> Retention:
        async def delete(view) -> None:
            self.gone.append(view.id)
            _ = await self.storage.delete_recording(view.id, tombstone(view))

        return Retention(self.storage, delete, self.clock, days)


async def test_only_what_is_too_old_goes(tmp_path):
    storage = await open_storage(tmp_path)
    kept = await Kept(storage).fill()
    retention = kept.retention(7)
    assert await retention.expired() == [kept.old]
    assert kept.gone == []
    assert await retention.prune() == [kept.old]
    assert kept.gone == [kept.old.id]
    assert await retention.prune() == []
    await storage.stop()


async def test_what_is_held_stays(tmp_path):
    storage = await open_storage(tmp_path)
    kept = await Kept(storage).fill()
    await storage.change_recording(kept.old.id, held_at=kept.clock.utc())
    assert await kept.retention(7).prune() == []
    await storage.stop()


async def test_zero_days_keep_everything(tmp_path):
    storage = await open_storage(tmp_path)
    kept = await Kept(storage).fill()
    assert await kept.retention(0).prune() == []
    await storage.stop()


async def test_what_cannot_be_deleted_stays_for_the_next_time(tmp_path):
    storage = await open_storage(tmp_path)
    kept = await Kept(storage).fill()

    async def stuck(_view) -> None:
        raise PermissionError("no")

    retention = Retention(storage, stuck, kept.clock, 7)
    assert await retention.prune() == []
    assert await retention.expired() == [kept.old]
    await storage.stop()
