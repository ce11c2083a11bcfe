import json
from pathlib import Path

import pytest

from server.commands.keys import create, listing, revoke
from server.config import Settings
from server.errors import ServerError


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
