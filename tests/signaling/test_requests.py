"""What clients' messages do, and who may send them."""

import asyncio
import json

import pytest
from support.wait import until

from media.types import ListenerStats, MediaKind, TileRequest, TrackSource, TrackState
from signaling.errors import RefusalKind, Refused
from signaling.model import RecordingNotice, RecordingState

HOST_ONLY = [
    {"type": "record", "action": "start"},
    {"type": "mute", "participant": "p", "source": "camera"},
    {"type": "kick", "participant": "p"},
    {"type": "end"},
]


class Recordings:
    """Performs commands when the test lets it."""

    def __init__(self, world) -> None:
        self.world = world
        self.commands: list[tuple[str, str | None]] = []
        self.media: list[str | None] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.refusal: Refused | None = None

    async def _do(self, command: str, what: str | None, state: RecordingState) -> RecordingNotice:
        await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal
        self.commands.append((command, what))
        notice = RecordingNotice("r1", state, None, self.world.clock.utc())
        self.world.live.recording_changed(self.world.session().id, notice)
        return notice

    async def start(self, meeting_id, by, media=None):
        self.media.append(media)
        return await self._do("start", by, RecordingState.RECORDING)

    async def pause(self, recording_id):
        return await self._do("pause", recording_id, RecordingState.PAUSED)

    async def resume(self, recording_id):
        return await self._do("resume", recording_id, RecordingState.RECORDING)

    async def stop(self, recording_id, by):
        return await self._do("stop", recording_id, RecordingState.STOPPING)


@pytest.fixture
async def host(world):
    return (await world.join("Ada", token="host")).connects()


@pytest.fixture
async def guest(world, host):
    return (await world.join("Bob")).connects()


@pytest.fixture
async def observer(world, host):
    return (await world.join("Olga", token="observer")).connects()


@pytest.fixture
def recordings(world):
    world.live.recordings = Recordings(world)
    return world.live.recordings


def say(client, **message) -> None:
    client.says(json.dumps(message))


class TestRights:
    @pytest.mark.parametrize("message", HOST_ONLY)
    async def test_only_hosts_moderate(self, guest, message):
        guest.says(json.dumps(message))
        error = guest.outbox.of("error")[0]
        assert (error.code, error.in_reply_to, error.fatal) == ("forbidden", message["type"], False)

    @pytest.mark.parametrize(
        "message",
        [
            {"type": "chat", "text": "hi"},
            {"type": "publish", "source": "camera", "muted": False},
        ],
    )
    async def test_observers_only_watch_and_listen(self, observer, message):
        observer.says(json.dumps(message))
        assert observer.errors() == ["forbidden"]

    async def test_a_second_hello_is_out_of_place(self, guest):
        say(guest, type="hello", protocol=1, meeting="m1")
        assert guest.errors() == ["invalid_state"]


class TestModeration:
    async def test_kick(self, host, guest):
        say(host, type="kick", participant=guest.id)
        assert guest.outbox.closed == (4403, "kicked")
        say(host, type="kick", participant=guest.id)
        assert host.errors() == ["not_found"]

    async def test_end(self, world, host, guest):
        say(host, type="end")
        assert guest.outbox.of("goodbye")[0].reason == "meeting_ended"
        assert host.outbox.of("goodbye")[0].reason == "meeting_ended"
        assert world.session() is None


class TestNegotiation:
    async def test_offer_and_answer(self, host):
        say(host, type="offer", id=5, sdp="v=0")
        await until(lambda: host.outbox.of("answer"))
        assert host.outbox.of("answer")[0].id == 5

    async def test_an_offer_that_cannot_be_answered(self, host):
        say(host, type="offer", id=5, sdp="bad")
        await until(host.errors)
        error = host.outbox.of("error")[0]
        assert (error.code, error.id, error.in_reply_to) == ("invalid_sdp", 5, "offer")
        say(host, type="offer", id=6, sdp="good")
        await until(lambda: host.outbox.of("answer"))

    async def test_candidates_follow_the_offer(self, world, host):
        say(host, type="offer", id=1, sdp="v=0")
        say(host, type="candidate", candidate="candidate:1")
        say(host, type="candidate", candidate="")
        await until(lambda: len(world.engine.candidates) == 2)
        assert [text for _, text in world.engine.candidates] == ["candidate:1", ""]

    async def test_an_offer_says_what_is_muted(self, world, host):
        tracks = [{"mid": "0", "source": "microphone"}, {"mid": "1", "source": "camera"}]
        say(host, type="offer", id=1, sdp="v=0", tracks=tracks, muted=["camera"])
        camera = TrackState(TrackSource.CAMERA, "1", "video/VP8", flowing=False)
        microphone = TrackState(TrackSource.MICROPHONE, "0", "audio/opus", flowing=False)
        host.live.tracks_changed(host.live.id, (microphone, camera))
        assert {source: muted for (_, source), muted in world.engine.muted.items()} == {
            TrackSource.MICROPHONE: False,
            TrackSource.CAMERA: True,
        }

    async def test_a_later_offer_changes_what_is_muted(self, world, host):
        microphone = TrackState(TrackSource.MICROPHONE, "0", "audio/opus", flowing=False)
        host.live.tracks_changed(host.live.id, (microphone,))
        tracks = [{"mid": "0", "source": "microphone"}]
        say(host, type="offer", id=1, sdp="v=0", tracks=tracks, muted=["microphone"])
        assert world.engine.muted[host.live.id, TrackSource.MICROPHONE] is True
        assert host.outbox.of("roster")[-1].changed[0].tracks[0].muted is True

    async def test_an_offer_cannot_undo_a_host(self, world, host, guest):
        await world.live.mute(guest.id, TrackSource.MICROPHONE, muted=True, by=host.id)
        tracks = [{"mid": "0", "source": "microphone"}]
        say(guest, type="offer", id=1, sdp="v=0", tracks=tracks, muted=[])
        await world.live.mute(guest.id, TrackSource.MICROPHONE, muted=False, by=host.id)
        assert world.engine.muted[guest.live.id, TrackSource.MICROPHONE] is True


class TestOthers:
    async def test_view(self, world, host):
        tile = {"participant": "p", "source": "screen", "width": 640.4, "height": 360}
        say(host, type="view", tiles=[tile])
        assert world.engine.views[host.live.id] == [TileRequest("p", TrackSource.SCREEN, 640, 360)]

    async def test_stats_are_kept_until_the_next_and_told_to_the_engine(self, world, host):
        heard = {"type": "inbound-rtp", "kind": "audio", "packetsReceived": 7}
        say(host, type="stats", stats=[{"type": "transport"}, heard])
        assert host.live.client_stats == ({"type": "transport"}, heard)
        assert world.engine.listeners[host.live.id] == (ListenerStats(MediaKind.AUDIO, 7),)

    async def test_ping(self, host):
        say(host, type="ping", id=9)
        assert host.outbox.of("pong")[0].id == 9

    async def test_bye_then_nothing(self, host):
        say(host, type="bye")
        assert host.outbox.closed == (1000, "left")
        said = len(host.outbox.messages)
        say(host, type="offer", id=1, sdp="v=0")
        say(host, type="chat", text="still here?")
        assert len(host.outbox.messages) == said


class TestRecording:
    async def test_start_pause_resume_stop(self, host, recordings):
        for action in ("start", "pause", "resume", "stop"):
            say(host, type="record", action=action)
            await until(lambda: not host.live.recording_task_running)
        assert recordings.commands == [
            ("start", host.id),
            ("pause", "r1"),
            ("resume", "r1"),
            ("stop", "r1"),
        ]
        states = [message.recording.state for message in host.outbox.of("recording")]
        assert states == ["recording", "paused", "recording", "stopping"]

    async def test_nothing_to_stop(self, host, recordings):
        say(host, type="record", action="stop")
        await until(host.errors)
        assert host.errors() == ["no_recording"]

    async def test_a_host_may_want_pictures_too(self, host, recordings):
        for more in ({}, {"media": "audio_video"}):
            say(host, type="record", action="start", **more)
            await until(lambda: not host.live.recording_task_running)
        assert recordings.media == [None, "audio_video"]

    async def test_one_command_at_a_time(self, host, recordings):
        recordings.gate.clear()
        say(host, type="record", action="start")
        say(host, type="record", action="stop")
        assert host.errors() == ["invalid_state"]
        recordings.gate.set()
        await until(lambda: recordings.commands)

    async def test_a_refusal_is_told(self, host, recordings):
        recordings.refusal = Refused(RefusalKind.CONFLICT, "recording_running", "it runs")
        say(host, type="record", action="start")
        await until(host.errors)
        error = host.outbox.of("error")[0]
        assert (error.code, error.in_reply_to) == ("recording_running", "record")

    async def test_a_server_that_does_not_record(self, host):
        say(host, type="record", action="start")
        assert host.errors() == ["recording_failed"]
