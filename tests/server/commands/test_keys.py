import json
from pathlib import Path

import pytest

from server.commands.keys import Foreign, create, listing, register, revoke
from server.config import Settings
from server.errors import ConfigError, ServerError


def test_keys_live_in_the_data_directory(tmp_path: Path):
    settings = Settings.model_validate({"storage": {"data": tmp_path}})
    _ = create(settings, "one")
    two = create(settings, "two")
    newest, oldest = (json.loads(line) for line in listing(settings, as_json=True))
    assert (newest["name"], oldest["name"]) == ("two", "one")
    assert newest["hint"] == two[:7]
    revoke(settings, newest["id"])
    lines = listing(settings, as_json=False)
    assert ["revoked" in line for line in lines] == [True, False]
    with pytest.raises(ServerError, match="no good key"):
        revoke(settings, newest["id"])


def test_credentials_of_another_service_are_kept_as_hashes(tmp_path: Path):
    settings = Settings.model_validate({"storage": {"data": tmp_path}})
    foreign = Foreign("token-of-theirs", "Ada@example.org", "key-of-theirs", "acc", "app")
    ids = register(settings, "theirs", foreign)
    assert register(settings, "again", foreign) == ids
    shown = [json.loads(line) for line in listing(settings, as_json=True)]
    assert shown == []  # they belong to the account `acc`
    with pytest.raises(ConfigError, match="another account"):
        register(settings, "theirs", Foreign("token-of-theirs", account="other", workspace="app"))


@pytest.mark.parametrize(
    ("foreign", "why"),
    [
        (Foreign(account="acc"), "no credential"),
        (Foreign(email="ada@example.org"), "belong together"),
        (Foreign(token="short"), "at least"),
        (Foreign(token="long enough", workspace="app"), "needs --account"),
    ],
)
def test_incomplete_credentials_are_refused(foreign: Foreign, why: str):
    assert foreign.given
    with pytest.raises(ConfigError, match=why):
        foreign.credentials()
