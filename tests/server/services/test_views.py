from support.domain import NOW

from server.services.views import StoredFile


async def test_a_stored_file_opens_itself():
    async def opener():
        return "the file"

    file = StoredFile("audio/ogg", '"x"', "a.ogg", NOW, 5, opener)
    assert await file.open() == "the file"
    assert "opener" not in repr(file)
