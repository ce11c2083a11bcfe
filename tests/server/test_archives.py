import sys
from pathlib import Path

import pytest

from server.archives import archive_of
from server.config import Settings
from server.errors import ConfigError


def settings(data: Path, **members: object) -> Settings:
    return Settings.model_validate({"storage": {"data": data}, "object_storage": members})


def test_recordings_are_local_by_default(tmp_path: Path):
    archive = archive_of(settings(tmp_path))
    assert archive.objects is None
    assert archive.files.root == tmp_path / "recordings"


def test_an_address_brings_object_storage(tmp_path: Path):
    wanted = {"access_key_id": "a", "secret_access_key": "b", "endpoint": "http://127.0.0.1:9"}
    for url in ("s3://bucket/prefix", f"file://{tmp_path}"):
        assert archive_of(settings(tmp_path, url=url, **wanted)).objects is not None


def test_what_obstore_refuses_is_told_with_the_settings_name(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"object_storage\.url") as refused:
        archive_of(settings(tmp_path, url="file:///nowhere/at/all"))
    assert "nowhere" in refused.value.message


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "server.storage.object_store", None)
    with pytest.raises(ConfigError) as refused:
        archive_of(settings(tmp_path, url="s3://bucket"))
    assert refused.value.hint == "Run: pip install 'roomtone[s3]'"
