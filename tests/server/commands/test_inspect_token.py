from pathlib import Path

import pytest
from support.identity import Identity
from typer.testing import CliRunner

from media.clock import SystemClock
from server import cli
from server.commands.inspect_token import inspect_token
from server.commands.user_token import user_token
from server.config import Settings

SECRET = "a secret of at least thirty-two characters"
PROVIDER = Identity("https://id.test", "ES256", "key-1")
NOW = int(SystemClock().utc().timestamp())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    issuer = {
        "issuer": PROVIDER.issuer,
        "jwks": PROVIDER.jwks_url(),
        "algorithms": ["ES256"],
        "audience": "app",
    }
    groups = {
        "storage": {"data": tmp_path},
        "auth": {"secret": SECRET, "issuers": [issuer]},
    }
    return Settings.model_validate(groups)


def test_a_good_token_is_accepted_and_shown(settings):
    accepted, lines = inspect_token(settings, PROVIDER.token(aud="app", exp=NOW + 3600))
    text = "\n".join(lines)
    assert accepted
    assert lines[-1] == "ACCEPTED  kind user, sub user_01"
    assert "provider  https://id.test (jwt, ES256, audience app)" in text


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (PROVIDER.token(aud="app", exp=NOW - 60), "token_expired"),
        (PROVIDER.token(aud="other", exp=NOW + 3600), "issuer_unknown"),
        (PROVIDER.token(iss="https://else.test", exp=NOW + 3600), "issuer_unknown"),
        (PROVIDER.token(headers={"kid": None}, aud="app", exp=NOW + 3600), "key_id_missing"),
        (PROVIDER.token(headers={"kid": "k9"}, aud="app", exp=NOW + 3600), "signature_invalid"),
        (PROVIDER.token(aud="app"), "claim_missing"),
        ("hello", "token_malformed"),
        ("rt_unknown", "api_key_invalid"),
    ],
)
def test_a_refusal_is_explained(settings, token, code):
    accepted, lines = inspect_token(settings, token)
    assert not accepted
    assert any(line.startswith(f"REFUSED   {code}: ") for line in lines)


def test_tokens_of_the_local_issuer(settings):
    token = user_token(settings, "user_07", "Ada", 60)
    accepted, lines = inspect_token(settings, token)
    assert accepted
    assert "name Ada" in lines[-1]


def test_the_command_ends_with_one_when_refused(tmp_path):
    words = ["token", "inspect", "hello", "--dev", "--data", str(tmp_path)]
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 1
    assert "REFUSED   token_malformed" in result.stdout
    assert "hint" in result.stdout
