"""Programs start, fail and end with sessions, on a server with an engine without media."""

import asyncio
from pathlib import Path

import pytest
from support.wait import until
from support.webserver import Web, serving

from server.errors import ConfigError
from server.programs import SessionAudio
from server.services import programs as module
from server.services.programs import Program, load_program


@pytest.fixture
async def web(tmp_path):
    async with serving(tmp_path) as made:
        yield made


class Script:
    """A program that does what the test says, and remembers what became of it."""

    def __init__(self) -> None:
        self.sessions: list[SessionAudio] = []
        self.go = asyncio.Event()
        self.ended = 0
        self.error: Exception | None = None
        self.deaf = False

    async def run(self, session: SessionAudio) -> None:
        self.sessions.append(session)
        _ = session.participant_id
        try:
            _ = await self.go.wait()
            if self.error is not None:
                raise self.error
        except asyncio.CancelledError:
            if self.deaf:
                _ = await self.go.wait()
            raise
        finally:
            self.ended += 1


async def running(web: Web) -> tuple[Script, str]:
    script = Script()
    web.app.programs.add(Program("Note taker", script.run))
    meeting = (await web.meeting())["id"]
    _ = await web.join(meeting)
    await until(lambda: "Note taker" in names(web, meeting))
    return script, meeting


def names(web: Web, meeting: str) -> list[str]:
    session = web.app.live.session(meeting)
    return [] if session is None else [one.participant.name for one in session.members()]


async def test_it_runs_from_the_first_person_to_the_end(web: Web):
    script, meeting = await running(web)
    assert script.sessions[0].meeting.id == meeting
    await web.app.live.end_meeting(meeting, None)
    await until(lambda: script.ended)
    await until(lambda: not web.app.programs._running)


async def test_one_that_returns_stands_up_and_the_session_goes_on(web: Web):
    script, meeting = await running(web)
    script.go.set()
    await until(lambda: names(web, meeting) == ["Ada"])


async def test_one_that_fails_is_told_and_the_session_goes_on(web: Web):
    script, meeting = await running(web)
    script.error = RuntimeError("bad idea")
    script.go.set()
    await until(lambda: names(web, meeting) == ["Ada"])
    sample = web.app.metrics.registry.get_sample_value
    await until(lambda: sample("roomtone_faults_total", {"task": "program Note taker"}) == 1)


async def test_one_that_a_host_removes_is_ended(web: Web):
    script, _ = await running(web)
    await web.app.live.kick(script.sessions[0].participant_id, None)
    await until(lambda: script.ended)


async def test_one_that_does_not_let_go_holds_up_nobody(web: Web, monkeypatch):
    monkeypatch.setattr(module, "END_SECONDS", 0.05)
    script, meeting = await running(web)
    script.deaf = True
    _ = script.sessions[0].speakers()
    await web.app.live.end_meeting(meeting, None)
    await until(lambda: web.engine.taps == [])
    assert not script.ended
    script.go.set()
    await until(lambda: script.ended)


async def test_one_that_is_too_late_for_a_session_is_no_fault(web: Web):
    late: list[str] = []

    async def listener(session: SessionAudio) -> None:
        try:
            _ = await asyncio.Event().wait()
        except asyncio.CancelledError:
            late.append(session.name)
        _ = session.speakers()

    web.app.programs.add(Program("Late", listener))
    _, meeting = await running(web)
    await web.app.live.end_meeting(meeting, None)
    await until(lambda: late and not web.app.programs._running)
    faults = web.app.metrics.registry.get_sample_value
    assert faults("roomtone_faults_total", {"task": "program Late"}) is None


class TestLoading:
    def test_a_function_of_a_module_or_a_file(self, tmp_path: Path):
        path = tmp_path / "bots.py"
        path.write_text("async def note_taker(session): ...\n")
        assert load_program(f"{path}:note_taker").name == "Note taker"
        assert load_program("asyncio:sleep").function is asyncio.sleep

    @pytest.mark.parametrize(
        "entry", ["nowhere:main", "asyncio:nothing", "main", "/nowhere.py:main", "bots.txt:main"]
    )
    def test_what_is_not_there_is_named(self, entry: str):
        with pytest.raises(ConfigError, match="cannot be loaded"):
            load_program(entry)

    def test_what_is_not_async_is_refused(self):
        with pytest.raises(ConfigError, match="async"):
            load_program("os:getpid")
