from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.config import Settings
from server.errors import ConfigError, StartError
from server.secret import SECRET_FILE, kept_secret, make_secret, require_secret, signing_secret


def of(data: Path, **members: object) -> Settings:
    return Settings.model_validate({"storage": {"data": data}, **members})


def test_a_new_secret_is_long_enough_and_always_another():
    assert len({make_secret() for _ in range(50)}) == 50
    assert Settings.model_validate({"auth": {"secret": make_secret()}}).auth.secret


def test_the_configured_secret_is_taken(tmp_path: Path):
    secret = make_secret()
    assert signing_secret(of(tmp_path, auth={"secret": secret})) == secret.encode()
    assert not (tmp_path / SECRET_FILE).exists()


def test_outside_development_there_is_no_default(tmp_path: Path):
    with pytest.raises(ConfigError) as refused:
        signing_secret(of(tmp_path))
    assert "roomtone secret create" in (refused.value.hint or "")
    require_secret(of(tmp_path, dev=True))


def test_in_development_one_is_kept_for_its_owner(tmp_path: Path):
    first = signing_secret(of(tmp_path, dev=True))
    assert signing_secret(of(tmp_path, dev=True)) == first
    assert (tmp_path / SECRET_FILE).stat().st_mode & 0o777 == 0o600
    assert len(list((tmp_path / SECRET_FILE).parent.iterdir())) == 1


def test_many_at_once_end_up_with_one(tmp_path: Path):
    path = tmp_path / "auth" / "secret"
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: kept_secret(path), range(32)))) == 1


def test_a_file_that_holds_none_is_refused(tmp_path: Path):
    (tmp_path / "secret").write_text("x")
    with pytest.raises(StartError, match="no secret"):
        kept_secret(tmp_path / "secret")
    (tmp_path / "secret").write_bytes(b"\xff" * 40)
    with pytest.raises(StartError, match="cannot use"):
        kept_secret(tmp_path / "secret")
    with pytest.raises(StartError, match="cannot use"):
        kept_secret(tmp_path / "secret" / "below")
