from pathlib import Path

import pytest

from server.commands.tokens import join_token, running_url
from server.config import Settings
from server.errors import ConfigError, ServerError, StartError


def of(data: Path, **members: object) -> Settings:
    return Settings.model_validate({"dev": True, "storage": {"data": data}, **members})


def test_a_role_must_exist(tmp_path: Path):
    with pytest.raises(ServerError, match="king") as refused:
        join_token(of(tmp_path), "x", name="Ada", role="king", user_id=None, ttl=None)
    assert "host" in (refused.value.hint or "")


def test_a_meeting_must_exist(tmp_path: Path):
    with pytest.raises(ServerError, match="no such meeting"):
        join_token(of(tmp_path), "x", name="Ada", role="host", user_id=None, ttl=None)


def test_outside_development_a_secret_is_needed(tmp_path: Path):
    with pytest.raises(ConfigError):
        join_token(of(tmp_path, dev=False), "x", name="A", role="host", user_id=None, ttl=None)


def test_a_running_server_is_found_by_its_file(tmp_path: Path):
    assert running_url(of(tmp_path)) is None
    path = tmp_path / "server.json"
    path.write_text('{"url": "http://localhost:9999"}')
    assert running_url(of(tmp_path)) == "http://localhost:9999"
    path.write_text('{"url": 1}')
    assert running_url(of(tmp_path)) is None
    path.write_text("{")
    with pytest.raises(StartError):
        running_url(of(tmp_path))
