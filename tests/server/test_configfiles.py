from pathlib import Path

import pytest

from server.configfiles import assignments, described, load
from server.errors import ConfigError


def refused(**sources: object) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        load(**{"environ": {}, **sources})
    return error.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "roomtone.toml"
    path.write_text("dev = true\n[rtc]\nudp_port = 1111\nfailed_seconds = 11\nleft_seconds = 2\n")
    return path


def test_flags_win_over_environment_over_file_over_default(file: Path):
    environ = {"ROOMTONE_RTC__UDP_PORT": "2222", "ROOMTONE_RTC__FAILED_SECONDS": "22", "HOME": "/"}
    loaded = load(file=file, environ=environ, flags={"rtc.udp_port": "3333"})
    rtc = loaded.settings.rtc
    assert (rtc.udp_port, rtc.failed_seconds, rtc.left_seconds) == (3333, 22, 2)
    assert rtc.keep_alive_seconds == 60
    assert loaded.settings.dev
    assert loaded.sources == {
        "dev": "file",
        "rtc.udp_port": "flag",
        "rtc.failed_seconds": "environment",
        "rtc.left_seconds": "file",
    }


def test_the_processs_own_environment_is_the_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROOMTONE_HTTP__PORT", "8181")
    assert load().settings.http.port == 8181


@pytest.mark.parametrize(
    "text", ["1.2.3.4,5.6.7.8", '["1.2.3.4", "5.6.7.8"]', " 1.2.3.4 , 5.6.7.8 "]
)
def test_lists_are_separated_by_commas_or_json(text: str):
    loaded = load(environ={"ROOMTONE_RTC__ADVERTISE": text})
    assert loaded.settings.rtc.advertise == ["1.2.3.4", "5.6.7.8"]


def test_tables_are_given_as_json_or_toml(tmp_path: Path):
    text = '[{"urls": ["turn:t.example.org"], "username": "u", "credential": "c"}]'
    by_environment = load(environ={"ROOMTONE_RTC__ICE_SERVERS": text}).settings
    path = tmp_path / "x.toml"
    path.write_text(
        '[[rtc.ice_servers]]\nurls = ["turn:t.example.org"]\nusername = "u"\ncredential = "c"\n'
    )
    assert load(file=path, environ={}).settings == by_environment


@pytest.mark.parametrize(
    ("sources", "said", "meant"),
    [
        ({"environ": {"ROOMTONE_RTC__UDPPORT": "1"}}, "RTC__UDPPORT", "ROOMTONE_RTC__UDP_PORT"),
        ({"flags": {"rtc.udp_prt": 1}}, "rtc.udp_prt", "rtc.udp_port"),
        ({"flags": {"media.udp_port": 1}}, "media.udp_port", "rtc.udp_port"),
    ],
)  # fmt: skip
def test_unknown_names_are_refused_with_a_suggestion(sources, said: str, meant: str):
    error = refused(**sources)
    assert said in error.message
    assert error.hint == f"Did you mean {meant}?"


def test_unknown_names_in_a_file_are_refused(tmp_path: Path):
    path = tmp_path / "x.toml"
    path.write_text("[qqqq]\nzzzz = 1\n")
    error = refused(file=path)
    assert "qqqq" in error.message
    assert "config docs" in (error.hint or "")


def test_words_of_the_command_line_are_no_settings():
    assert load(environ={"ROOMTONE_URL": "x", "ROOMTONE_CONFIG": "y"}).sources == {}


def test_an_impossible_value_is_named_with_its_source():
    error = refused(environ={"ROOMTONE_RTC__UDP_PORT": "many"})
    assert error.message.startswith("rtc.udp_port: ")
    assert error.message.endswith("(environment)")
    assert "auth" in refused(flags={"auth.secret": "short"}).message


def test_what_is_no_json_list_is_refused():
    assert "JSON" in refused(flags={"rtc.bind": "[1,"}).message


def test_a_missing_or_broken_file_is_named(tmp_path: Path):
    assert "cannot read" in refused(file=tmp_path / "none.toml").message
    path = tmp_path / "x.toml"
    path.write_text("= 1")
    assert "not TOML" in refused(file=path).message


def test_assignments_have_a_name_and_a_value():
    assert assignments(["rtc.udp_port=1", "a=b=c"]) == {"rtc.udp_port": "1", "a": "b=c"}
    with pytest.raises(ConfigError, match="no value"):
        assignments(["rtc.udp_port"])


def test_every_setting_is_described():
    undescribed = [name for name, field in described() if not field.description]
    assert undescribed == []
