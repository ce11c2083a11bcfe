"""The local issuer."""

import json
import stat
import threading
from pathlib import Path

import jwt
import pytest
from support.clock import FakeClock

from server.auth.issuer import LOCAL_ISSUER, LocalIssuer
from server.errors import StartError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "auth" / "issuer.json"


def test_its_tokens_verify_with_its_public_key(path: Path):
    clock = FakeClock()
    issuer = LocalIssuer.load_or_create(path, clock)
    token = issuer.issue("user_01", "Ada", 60)
    key = jwt.PyJWK.from_dict(issuer.jwks()["keys"][0])
    claims = jwt.decode(token, key, algorithms=["ES256"], options={"verify_exp": False})
    assert claims == {
        "iss": LOCAL_ISSUER,
        "sub": "user_01",
        "name": "Ada",
        "iat": int(clock.utc().timestamp()),
        "exp": int(clock.utc().timestamp()) + 60,
    }
    assert jwt.get_unverified_header(token)["kid"] == key.key_id


def test_a_token_without_name_has_no_name(path: Path):
    token = LocalIssuer.load_or_create(path, FakeClock()).issue("user_01")
    assert "name" not in jwt.decode(token, options={"verify_signature": False})


def test_the_public_set_holds_no_private_member(path: Path):
    issuer = LocalIssuer.load_or_create(path, FakeClock())
    assert "d" not in issuer.jwks()["keys"][0]


def test_the_key_stays(path: Path):
    first = LocalIssuer.load_or_create(path, FakeClock())
    assert LocalIssuer.load_or_create(path, FakeClock()).jwks() == first.jwks()


def test_only_the_owner_may_read_the_key(path: Path):
    LocalIssuer.load_or_create(path, FakeClock())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["issuer.json"]


def test_makers_at_the_same_moment_share_one_key(path: Path):
    barrier, seen = threading.Barrier(8), []

    def make() -> None:
        barrier.wait()
        seen.append(json.dumps(LocalIssuer.load_or_create(path, FakeClock()).jwks()))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"kid": "k", "kty": "EC"}', "\x00"])
def test_a_spoilt_file_is_named(path: Path, content: str):
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(StartError, match=r"issuer\.json is not a key file"):
        LocalIssuer.load_or_create(path, FakeClock())


def test_an_unusable_place_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="cannot use"):
        LocalIssuer.load_or_create(tmp_path / "file" / "issuer.json", FakeClock())
