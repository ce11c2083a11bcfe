import io

from support.domain import NOW

from server.services.views import StoredFile


def test_a_stored_file_opens_itself(tmp_path):
    file = StoredFile(tmp_path, "audio/ogg", '"x"', "a.ogg", NOW, 5, lambda: io.BytesIO(b"audio"))
    assert file.open().read() == b"audio"
    assert "opener" not in repr(file)
