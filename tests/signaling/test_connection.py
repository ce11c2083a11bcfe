"""A live connection: what it tells its client, and how the engine's words reach the machine."""

import pytest
from support.signaling import MemoryOutbox

from media.types import Heard, MediaKind, SlotState
from signaling.codes import GOODBYE_CODES, GOODBYE_TEXTS
from signaling.model import EndReason


@pytest.fixture
async def ada(world):
    return (await world.join("Ada")).connects()


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("ice_failed", "ice_failed"),
        ("dtls_failed", "dtls_failed"),
        ("something_new", "transport_lost"),
    ],
)
async def test_a_failed_transport_is_told_with_its_reason(ada, word, reason):
    ada.live.transport_failed(ada.live.id, word)
    assert (ada.state, ada.live.record.reason) == ("failed", reason)
    assert ada.outbox.closed == (4408, reason)
    assert ada.outbox.of("goodbye")[0].rejoin is True


@pytest.mark.parametrize("reason", [r for r in EndReason if r is not EndReason.NO_PACKETS])
async def test_every_end_has_its_words_and_its_code(ada, reason):
    ada.live.end(reason)
    goodbye = ada.outbox.of("goodbye")[0]
    assert goodbye.message == GOODBYE_TEXTS[reason]
    assert ada.outbox.closed == (GOODBYE_CODES[reason], reason)


async def test_it_is_attended_while_its_socket_is_open(world, ada):
    assert ada.live.attended
    ada.live.signaling_lost(ada.outbox)
    assert not ada.live.attended
    again = await world.join(resume=ada.resume, transport="keep", connection=ada.live.id)
    assert again.live.attended
    again.live.leave()
    assert not again.live.attended


async def test_news_of_another_socket_is_ignored(ada):
    ada.live.signaling_lost(MemoryOutbox())
    ada.live.signaling_closed(MemoryOutbox())
    assert ada.live.attended


async def test_after_the_end_nothing_is_sent(ada):
    ada.live.leave()
    said = len(ada.outbox.messages)
    ada.live.slots_changed(ada.live.id, (SlotState("1", MediaKind.AUDIO),))
    ada.live.transport_closed(ada.live.id)
    assert len(ada.outbox.messages) == said


async def test_the_first_connected_time_stays(world, ada):
    first = ada.live.record.connected_at
    world.schedule.advance(8)
    ada.world.engine.heard_of[ada.live.id] = Heard(world.clock.monotonic(), media=True)
    world.schedule.advance(0.5)
    assert ada.state == "connected"
    assert ada.live.record.connected_at == first
    assert ada.live.record.updated_at > first


class TestMetadata:
    async def test_is_the_clients_own_and_reaches_the_log(self, world, ada):
        assert ada.live.record.metadata == {}
        world.schedule.advance(1)
        ada.live.describe({"tab": "left", "muted": True})
        assert ada.live.record.metadata == {"tab": "left", "muted": True}
        assert ada.live.record.updated_at == world.clock.utc()
        assert world.log.types()[-1] == "connection.described"

    async def test_saying_the_same_again_is_no_news(self, world, ada):
        ada.live.describe({"tab": "left"})
        told = len(world.log.entries)
        ada.live.describe({"tab": "left"})
        assert len(world.log.entries) == told

    async def test_ends_with_the_connection(self, ada):
        ada.live.leave()
        ada.live.describe({"tab": "left"})
        assert ada.live.record.metadata == {}


async def test_a_lost_worker_asks_the_client_to_come_back(world, ada):
    ada.live.transport_lost(ada.live.id)
    assert (ada.state, ada.live.record.reason) == ("disconnected", "transport_lost")
    (told,) = ada.outbox.of("error")
    assert (told.code, told.fatal) == ("media_lost", False)
    again = await world.join(resume=ada.resume)
    assert again.live.participant_id == ada.live.participant_id
    assert ada.live.record.reason == "replaced"
