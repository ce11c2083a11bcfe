import asyncio
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from media.clock import SystemClock
from server import cli
from server.auth.tokens import TokenSigner
from server.commands import serve as serving
from server.commands.parts import meetings_of
from server.config import Settings
from server.errors import ConfigError, ServerError, StartError
from server.secret import make_secret
from server.services.views import CreateMeeting
from signaling.model import Role

JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROOMTONE_CONFIG", "ROOMTONE_AUTH__SECRET"):
        monkeypatch.delenv(name, raising=False)


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def new_meeting(data: Path) -> str:
    """A meeting in this data directory, made as a server would."""
    settings = Settings.model_validate({"dev": True, "storage": {"data": data}})

    async def make() -> str:
        async with meetings_of(settings) as meetings:
            return (await meetings.create(CreateMeeting(), account="default", by=None)).id

    return asyncio.run(make())


def test_no_words_show_help():
    result = run()
    assert "serve" in result.output


def test_the_version_is_printed():
    assert run("version").stdout == "roomtone 0.1.0\n"
    assert json.loads(run("version", "--json").stdout) == {"name": "roomtone", "version": "0.1.0"}


class TestServe:
    @pytest.fixture
    def served(self, monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
        """Settings of what would have been served."""
        settings: list[Settings] = []
        monkeypatch.setattr(serving, "run", lambda taken, _began: settings.append(taken))
        return settings

    def test_flags_reach_the_settings(self, served: list[Settings], tmp_path: Path):
        words = ("--dev", "--host", "127.0.0.1", "--port", 9000, "--data", tmp_path)
        assert run("serve", *words, "--set", "rtc.udp_port=41000").exit_code == 0
        (settings,) = served
        assert settings.dev
        assert (settings.http.host, settings.http.port) == ("127.0.0.1", 9000)
        assert settings.storage.data == tmp_path
        assert settings.rtc.udp_port == 41000

    def test_a_file_is_read(self, served: list[Settings], tmp_path: Path):
        path = tmp_path / "x.toml"
        path.write_text("dev = true\n[http]\nport = 9001\n")
        assert run("serve", "--config", path).exit_code == 0
        assert run("serve", "--config", path, "--port", 9002).exit_code == 0
        assert [settings.http.port for settings in served] == [9001, 9002]

    def test_without_a_secret_it_does_not_start(self, served: list[Settings], tmp_path: Path):
        result = run("serve", "--data", tmp_path)
        assert isinstance(result.exception, ConfigError)
        assert served == []

    def test_with_one_it_does(self, served: list[Settings], monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("ROOMTONE_AUTH__SECRET", make_secret())
        assert run("serve").exit_code == 0
        assert not served[0].dev


class TestTokens:
    def test_a_user_token_is_the_only_line(self, tmp_path: Path):
        result = run("token", "user", "--sub", "user_01", "--name", "Ada", "--data", tmp_path)
        (line,) = result.stdout.splitlines()
        assert JWT.fullmatch(line)
        assert result.stderr == ""

    def test_a_join_token_comes_with_its_link(self, tmp_path: Path):
        meeting = new_meeting(tmp_path)
        words = ("--name", "Ada", "--role", "host", "--user-id", "user_01", "--ttl", 60)
        result = run("token", "join", meeting, *words, "--dev", "--data", tmp_path)
        token, link = result.stdout.splitlines()
        assert link == f"http://localhost:8080/m/{meeting}#t={token}"
        secret = (tmp_path / "auth" / "secret").read_text().strip().encode()
        claims = TokenSigner(secret, SystemClock()).read_join(token)
        assert (claims.name, claims.role, claims.user_id) == ("Ada", Role.HOST, "user_01")

    def test_a_running_servers_address_is_taken(self, tmp_path: Path):
        meeting = new_meeting(tmp_path)
        (tmp_path / "server.json").write_text('{"url": "http://localhost:9999"}')
        result = run("token", "join", meeting, "--name", "Ada", "--dev", "--data", tmp_path)
        assert result.stdout.splitlines()[1].startswith("http://localhost:9999/m/")

    @pytest.mark.parametrize(
        "words", [("x", "--name", "Ada"), ("x", "--name", "A", "--role", "king")]
    )
    def test_what_cannot_be_is_refused(self, tmp_path: Path, words: tuple[str, ...]):
        result = run("token", "join", *words, "--dev", "--data", tmp_path)
        assert isinstance(result.exception, ServerError)
        assert result.stdout == ""


class TestKeys:
    def test_a_key_is_made_listed_and_revoked(self, tmp_path: Path):
        made = run("key", "create", "--name", "billing", "--data", tmp_path).stdout.strip()
        assert re.fullmatch(r"rt_[\w-]{32}", made)
        (line,) = run("key", "list", "--data", tmp_path).stdout.splitlines()
        assert "billing" in line
        assert made not in line
        shown = json.loads(run("key", "list", "--json", "--data", tmp_path).stdout)
        assert "hash" not in shown
        revoked = run("key", "revoke", shown["id"], "--data", tmp_path)
        assert shown["id"] in revoked.stderr
        assert "revoked" in run("key", "list", "--data", tmp_path).stdout
        again = run("key", "revoke", shown["id"], "--data", tmp_path)
        assert isinstance(again.exception, ServerError)


def test_a_secret_is_printed():
    assert len(run("secret", "create").stdout.strip()) >= 32


def test_settings_are_shown_and_described():
    shown = run("config", "show", "--set", "http.port=9000").stdout
    assert "http.port = 9000    # flag" in shown
    assert run("config", "docs").stdout.startswith("# Configuration")


@pytest.mark.parametrize(
    ("error", "code"),
    [(ConfigError("wrong", "do this"), 2), (StartError("taken", "do this"), 1)],
)
def test_errors_go_to_standard_error_with_a_hint(
    error: ServerError, code: int, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        cli.complain(error)
    assert ended.value.code == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"roomtone: {error.message}\n  hint: do this\n"


def test_main_maps_errors_to_exit_codes(monkeypatch: pytest.MonkeyPatch):
    def fails() -> None:
        raise StartError("taken")

    monkeypatch.setattr(cli, "app", fails)
    monkeypatch.setattr(cli.os, "umask", lambda _mask: 0)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1


def test_a_closed_pipe_is_no_traceback(monkeypatch: pytest.MonkeyPatch):
    def fails() -> None:
        raise BrokenPipeError

    monkeypatch.setattr(cli, "app", fails)
    monkeypatch.setattr(cli.os, "umask", lambda _mask: 0)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
