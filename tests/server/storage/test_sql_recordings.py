import pytest
from sqlalchemy.exc import IntegrityError
from support.domain import NOW, meeting, recording, recording_file, session

from server.records import ApiKey
from server.storage.sql import SqlStorage
from signaling.ids import new_id


async def test_a_failed_save_keeps_the_old_files(storage: SqlStorage):
    view = recording(session(meeting()))
    file = recording_file(view.id)
    await storage.save_recording(type(view)(**_members(view, (file,))))
    with pytest.raises(IntegrityError):
        await storage.save_recording(type(view)(**_members(view, (file, file))))
    assert await storage.find_file(view.id, file.id) == file


def _members(view, files):
    return {name: getattr(view, name) for name in view.__slots__} | {"files": files}


async def test_two_keys_cannot_share_a_hash(storage: SqlStorage):
    await storage.insert_key(ApiKey(new_id(), "default", "a", "same", "rt_", NOW))
    with pytest.raises(IntegrityError):
        await storage.insert_key(ApiKey(new_id(), "default", "b", "same", "rt_", NOW))
