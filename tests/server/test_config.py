from pathlib import Path

import pytest
from pydantic import ValidationError

from server.config import Settings


def of(**groups: object) -> Settings:
    return Settings.model_validate(groups)


def test_development_stays_on_this_machine():
    dev = of(dev=True)
    assert dev.hosts == dev.media_hosts == ("127.0.0.1", "::1")
    assert dev.local_issuer


def test_otherwise_everybody_may_come():
    settings = of()
    assert settings.hosts == settings.media_hosts == ("0.0.0.0",)
    assert not settings.local_issuer


def test_addresses_can_be_chosen():
    settings = of(http={"host": "10.0.0.1"}, rtc={"bind": ["10.0.0.2", "::"]}, dev=True)
    assert settings.hosts == ("10.0.0.1",)
    assert settings.media_hosts == ("10.0.0.2", "::")


def test_everything_lies_in_the_data_directory_unless_told():
    settings = of(storage={"data": "/srv/x"})
    assert settings.recordings_directory == Path("/srv/x/recordings")
    assert settings.database_url == "sqlite+aiosqlite:////srv/x/roomtone.db"
    moved = of(recording={"directory": "/big"}, storage={"database_url": "sqlite+aiosqlite://"})
    assert moved.recordings_directory == Path("/big")
    assert moved.database_url == "sqlite+aiosqlite://"


def test_links_begin_with_the_public_address():
    assert of(http={"port": 9000}).public_url == "http://localhost:9000"
    public = of(http={"public_url": "https://meet.example.org/"})
    assert public.public_url == "https://meet.example.org"


def test_the_local_issuer_can_be_forced():
    assert of(auth={"local_issuer": True}).local_issuer
    assert not of(dev=True, auth={"local_issuer": False}).local_issuer


@pytest.mark.parametrize(
    "groups",
    [
        {"auth": {"secret": "short"}},
        {"rtc": {"udp_port": 65536}},
        {"rtc": {"advertise": []}},
        {"rtc": {"failed_seconds": 0}},
        {"http": {"public_url": "not an address"}},
        {"nonsense": 1},
        {"http": {"nonsense": 1}},
    ],
)
def test_impossible_values_are_refused(groups: dict[str, object]):
    with pytest.raises(ValidationError):
        of(**groups)


def test_a_secret_does_not_show():
    settings = of(auth={"secret": "x" * 40})
    assert "x" * 40 not in repr(settings)
