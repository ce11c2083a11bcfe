"""What a program is handed, on a running server with an engine without media."""

import numpy as np
import pytest
from support.opus_tone import tone_packets
from support.webserver import Web, serving

from media.audio.desk import SoundDesk
from media.types import TrackSource
from server.programs import SessionAudio
from signaling.errors import Refused


@pytest.fixture
async def web(tmp_path):
    async with serving(tmp_path) as made:
        yield made


@pytest.fixture
async def audio(web: Web):
    meeting = await web.app.meetings.get((await web.meeting())["id"])
    live = await web.join(meeting.id)
    desk = SoundDesk(web.engine, web.clock, web.app.live._context.on_error)
    made = SessionAudio(
        meeting,
        live.record.session_id,
        "Echo",
        web.clock.monotonic_ns(),
        live=web.app.live,
        desk=desk,
        clock=web.clock,
    )
    yield made
    await made.close()
    desk.close()


def roster(web: Web, audio: SessionAudio) -> list[str]:
    return [member.participant.name for member in web.app.live.session(audio.meeting.id).members()]


async def test_it_takes_its_seat_when_it_listens_and_stands_up_at_the_end(web, audio):
    assert roster(web, audio) == ["Ada"]
    audio.hush()
    await audio.said()
    async with audio.speakers(rate=16_000) as heard:
        assert roster(web, audio) == ["Ada", "Echo"]
        assert audio.is_seat(audio.participant_id)
        (room, tap) = web.engine.taps[-1]
        assert room == audio.session_id
        track = tap.open_track("p", "Ada", TrackSource.MICROPHONE, "c", 1)
        web.clock.advance(2.0)
        assert audio.elapsed == 2.0
        track.rtp(web.clock.monotonic_ns(), 0, 0, tone_packets(0.1)[0], 20)
        track.close()
        frame = await anext(heard)
        assert (frame.name, frame.at, frame.rate) == ("Ada", 2.0, 16_000)
        own = tap.open_track(audio.participant_id, "Echo", TrackSource.MICROPHONE, "e", 2)
        assert own is None
    await audio.close()
    await audio.close()
    assert roster(web, audio) == ["Ada"]
    assert web.engine.taps == []


async def test_its_voice_is_its_seats(web, audio):
    await audio.say(np.zeros(960))
    (connection_id,) = web.engine.published
    member = web.app.live.session(audio.meeting.id).member(audio.participant_id)
    assert member.newest.id == connection_id
    audio.hush()
    await audio.say(np.zeros(10))
    assert len(web.engine.published) == 1
    await audio.close()
    assert web.engine.published[connection_id].closed


async def test_after_the_session_it_is_refused(web, audio):
    await web.app.live.end_meeting(audio.meeting.id, None)
    with pytest.raises(Refused) as refused:
        audio.speakers()
    assert refused.value.code == "no_active_session"


async def test_who_listens_again_and_again_keeps_nothing_of_before(web, audio):
    for _ in range(3):
        async with audio.speakers():
            assert len(web.engine.taps) == 1
    async with audio.speakers(), audio.speakers():
        assert len(audio._listenings) == 2
