"""The engine with real clients over loopback: aiortc peers that speak and listen."""

import asyncio
import gc
import json
import os
import socket
import sys
from pathlib import Path

import pytest
from aioice import stun
from support.hall import Hall
from support.rtc_peer import Peer, PictureTrack, ToneTrack
from support.wait import until

from media.clock import SystemClock
from media.errors import MediaError, NegotiationError
from media.types import (
    ConnectionSpec,
    Heard,
    ListenerStats,
    MediaKind,
    QualityLabel,
    RtcSettings,
    TileRequest,
    TrackSource,
)

TESTS = Path(__file__).parents[2]


@pytest.fixture
async def hall():
    hall = Hall()
    await hall.engine.start()
    yield hall
    await hall.close()
    assert hall.errors == []


async def test_two_people_hear_each_other_and_a_third_joins(hall):
    ada = await hall.join("ada", tone=440)
    bob = await hall.join("bob", tone=1000)
    await ada.hears(1000)
    await bob.hears(440)
    eve = await hall.join("eve", tone=1500)
    await asyncio.gather(ada.hears(1500), bob.hears(1500), eve.hears(440), eve.hears(1000))
    assert ada.ears["1"].hears(1000)  # nobody was moved
    info = hall.told.up["ada"]
    assert info.srtp_profile == "SRTP_AEAD_AES_256_GCM"
    assert info.remote.startswith("127.0.0.1:")
    assert hall.told.tracks["ada"][0].flowing
    assert {slot.participant_id for slot in hall.told.slots["eve"]} == {"p-ada", "p-bob", None}


async def test_pictures_follow_the_view(hall):
    await hall.join("ada", camera=True)
    bob = await hall.join("bob", tone=300, video_slots=2)
    await until(lambda: any(track.flowing for track in hall.told.tracks["ada"]))
    hall.engine.set_view("bob", [TileRequest("p-ada", TrackSource.CAMERA, 320, 240)])
    await bob.sees(3)
    assert hall.told.slots["bob"][3].source is TrackSource.CAMERA
    hall.engine.set_view("bob", [])
    await until(lambda: hall.told.slots["bob"][3].participant_id is None)


async def test_lost_pictures_are_repaired_in_both_directions(hall):
    ada = await hall.join("ada", camera=True)
    bob = await hall.join("bob", video_slots=1, every_video=True)
    await bob.sees(3)
    ada.lose(7, incoming=False)
    bob.lose(5, incoming=True)
    await until(lambda: hall.engine.stats("ada").counters["repaired"] > 2, within=15)
    await until(lambda: hall.engine.stats("bob").counters["retransmitted"] > 2, within=15)
    seen = bob.ears["3"].frames
    await bob.sees(seen + 10)


async def test_simple_clients_publish_or_listen_only(hall):
    ada = await hall.join("ada", tone=440, subscribe=False)
    bob = await hall.join("bob", tone=1000, publish=False)
    eve = await hall.join("eve", only_participant="p-ada")
    await bob.hears(440)
    await eve.hears(440)
    assert hall.told.tracks["bob"] == ()
    assert ada.ears == {} or all(ear.frames == 0 for ear in ada.ears.values())


async def test_renegotiation_adds_and_rests_a_track_on_the_same_connection(hall):
    ada = await hall.join("ada", tone=440)
    bob = await hall.join("bob", tone=1000, video_slots=1, every_video=True)
    await bob.hears(440)
    before = hall.engine._peers["ada"]._agent.path
    transceiver = ada.pc.addTransceiver(PictureTrack(), "sendonly")
    ada._sending.append(("screen", transceiver))
    answer = await hall.negotiate("ada")
    assert "a=candidate" in answer.sdp
    await bob.sees(3)
    assert [track.source for track in hall.told.tracks["ada"]] == [
        TrackSource.MICROPHONE,
        TrackSource.SCREEN,
    ]
    transceiver.direction = "inactive"
    await hall.negotiate("ada")
    await until(lambda: hall.told.slots["bob"][3].participant_id is None)
    bob.ears["1"].forget()
    await bob.hears(440)
    assert hall.engine._peers["ada"]._agent.path == before
    assert len(hall.told.up) == 2


async def test_goodbye_of_the_peer_counts_at_once(hall):
    ada = await hall.join("ada", tone=440)
    bob = await hall.join("bob", tone=1000)
    await bob.hears(440)
    await ada.close()
    await until(lambda: hall.told.closed == ["ada"], within=1)
    await until(lambda: all(slot.participant_id is None for slot in hall.told.slots["bob"]))


async def test_goodbye_of_the_server_reaches_the_peer(hall):
    ada = await hall.join("ada", tone=440)
    await hall.engine.close("ada")
    await hall.engine.close("ada")
    await until(lambda: ada.pc.connectionState == "closed", within=2)
    assert hall.told.closed == []


async def test_media_goes_on_after_an_outage_on_the_same_connection(hall):
    ada = await hall.join("ada", tone=440)
    bob = await hall.join("bob", tone=1000)
    await bob.hears(440)
    await until(lambda: hall.engine.heard("ada").media)
    ada.cut()
    hall.engine.probe("ada")
    await until(lambda: SystemClock().monotonic() - hall.engine.heard("ada").at > 0.4)
    cut_at = hall.engine.heard("ada").at
    ada.restore()
    hall.engine.probe("ada")
    await until(lambda: hall.engine.heard("ada").at > cut_at)
    bob.ears["1"].forget()
    await bob.hears(440)
    assert hall.told.failed == {}


async def test_probe_is_answered_by_a_silent_peer(hall):
    await hall.join("bob")
    first = hall.engine.heard("bob").at
    hall.engine.probe("bob")
    await until(lambda: hall.engine.heard("bob").at > first)
    assert not hall.engine.heard("bob").media


async def test_muting_on_the_server_silences_everybodys_copy(hall):
    await hall.join("ada", tone=440)
    bob = await hall.join("bob", tone=1000)
    ear = await bob.hears(440)
    hall.engine.set_muted("ada", TrackSource.MICROPHONE, muted=True)
    before = hall.engine.stats("bob").packets_sent
    await until(lambda: hall.engine.stats("ada").counters["muted"] > 20)
    assert hall.engine.stats("bob").packets_sent == before
    hall.engine.set_muted("ada", TrackSource.MICROPHONE, muted=False)
    ear.forget()
    await bob.hears(440)


async def test_speakers_are_reported(hall):
    hall.engine.listen_room("r", hall.told)
    await hall.join("ada", tone=440)
    await until(lambda: hall.told.speakers == [("p-ada",)])
    await hall.engine.close("ada")
    await until(lambda: hall.told.speakers[-1] == ())
    hall.engine.listen_room("r", None)


async def test_quality_is_reported_with_numbers(hall):
    await hall.join("ada", tone=440)
    await until(lambda: "ada" in hall.told.quality)
    reading = hall.told.quality["ada"]
    assert reading.label in QualityLabel
    assert reading.loss_percent == 0
    stats = hall.engine.stats("ada")
    assert stats.packets_received > 0
    assert stats.bytes_received > stats.packets_received
    assert stats.reading is not None


async def test_every_audio_track_is_tapped(hall):
    class Taps:
        def __init__(self):
            self.opened, self.packets, self.closed = [], 0, 0

        def open_track(self, *facts):
            self.opened.append(facts[:4])
            return self

        def rtp(self, arrival_ns, sequence, timestamp, payload, level):
            self.packets += 1

        def sender_report(self, arrival_ns, ntp, rtp_timestamp): ...

        def close(self):
            self.closed += 1

    taps = Taps()
    hall.engine.add_tap("r", taps)
    await hall.join("ada", tone=440)
    await until(lambda: taps.packets > 10)
    assert taps.opened == [("p-ada", "Ada", TrackSource.MICROPHONE, "ada")]
    hall.engine.remove_tap("r", taps)
    assert taps.closed == 1
    hall.engine.remove_tap("elsewhere", taps)


async def test_trickled_candidates_connect(hall):
    peer = hall.peers["ada"] = Peer(microphone=ToneTrack(440))
    hall.engine.open(ConnectionSpec("ada", "r", "p", "Ada"), hall.told)
    offer = await peer.offer()
    lines = offer.splitlines()
    candidates = [line for line in lines if line.startswith("a=candidate")]
    bare = [line for line in lines if "candidate" not in line]
    answer = await hall.engine.answer("ada", "\r\n".join(bare) + "\r\n", {})
    await peer.accept(answer.sdp)
    for line in (*candidates, "", "a=candidate:1 1 udp 1 x.local 9 typ host"):
        await hall.engine.add_candidate("ada", line)
    await peer.connected()
    with pytest.raises(NegotiationError) as caught:
        await hall.engine.add_candidate("ada", "candidate:what")
    assert caught.value.code == "invalid_candidate"


async def test_hostile_datagrams_change_nothing(hall):
    await hall.join("ada", tone=440)
    bob = await hall.join("bob", tone=1000)
    ear = await bob.hears(440)
    target = ("127.0.0.1", hall.engine.udp_port)
    fragment = hall.engine._peers["ada"]._agent.local_username.encode()
    username = b"\x00\x06" + len(fragment + b":x").to_bytes(2, "big") + fragment + b":x"
    username += bytes(-len(username) % 4)
    spoofed = b"\x00\x01" + len(username).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + os.urandom(12)
    hello = b"\x16\xfe\xff" + bytes(8) + b"\x00\x20" + b"\x01" + os.urandom(31)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hostile:
        for noise in (b"", b"\x80", bytes(1500), b"\x80" * 1500, b"\x90" + os.urandom(8999)):
            hostile.sendto(noise, target)
        for _ in range(200):
            hostile.sendto(os.urandom(60), target)
            hostile.sendto(b"\x00\x01\x00\x20\x21\x12\xa4\x42" + os.urandom(44), target)
            hostile.sendto(spoofed + username, target)
            hostile.sendto(hello, target)
        ear.forget()
        await bob.hears(440)
    assert hall.engine.counters()["control_unknown_address"] >= 200
    assert set(hall.told.up) == {"ada", "bob"}
    assert hall.told.failed == {}


async def test_peer_with_another_certificate_is_refused(hall):
    peer = hall.peers["ada"] = Peer(microphone=ToneTrack(440))
    hall.engine.open(ConnectionSpec("ada", "r", "p", "Ada"), hall.told)
    offer = await peer.offer()
    lines = [line for line in offer.splitlines() if "fingerprint" not in line]
    at = next(index for index, line in enumerate(lines) if line.startswith("m="))
    lines.insert(at, "a=fingerprint:sha-256 " + ":".join(["AA"] * 32))
    answer = await hall.engine.answer("ada", "\r\n".join(lines) + "\r\n", {})
    await peer.accept(answer.sdp)
    await until(lambda: hall.told.failed == {"ada": "dtls_failed"})


async def test_ports_families_and_unknown_connections():
    hall = Hall(RtcSettings(0, ("127.0.0.1", "::1"), ("127.0.0.1", "::1", "192.0.2.9")))
    with pytest.raises(MediaError, match="not started"):
        hall.engine.open(ConnectionSpec("ada", "r", "p", "Ada"), hall.told)
    await hall.engine.start()
    taken = Hall(RtcSettings(hall.engine.udp_port, ("127.0.0.1",), ("127.0.0.1",)))
    with pytest.raises(MediaError, match="is taken"):
        await taken.engine.start()
    await hall.join("ada", tone=440)
    with pytest.raises(MediaError, match="open already"):
        hall.engine.open(ConnectionSpec("ada", "r", "p", "Ada"), hall.told)
    with pytest.raises(MediaError, match="no connection"):
        await hall.engine.answer("nobody", "v=0", {})
    with pytest.raises(MediaError, match="no connection"):
        await hall.engine.add_candidate("nobody", "")
    assert hall.engine.heard("nobody") == Heard(None, media=False)
    assert hall.engine.stats("nobody").packets_received == 0
    hall.engine.probe("nobody")
    hall.engine.set_view("nobody", [])
    hall.engine.set_listener_stats("nobody", [ListenerStats(MediaKind.AUDIO)])
    hall.engine.set_muted("nobody", TrackSource.CAMERA, muted=True)
    await hall.close()


async def test_a_machine_with_several_addresses_answers_from_the_one_that_was_asked():
    both = ("127.0.0.2", "127.0.0.1", "::1")
    hall = Hall(RtcSettings(0, ("0.0.0.0", "::"), both))
    await hall.engine.start()
    assert hall.engine._plane.hosts == both
    for host in both:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        agent = hall.engine._new_agent()
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{agent.local_username}:them"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = 1
        request.add_message_integrity(agent.local_password.encode())
        agent.set_remote("them", "p" * 22, lite=False)
        with socket.socket(family, socket.SOCK_DGRAM) as udp:
            udp.bind(("::1" if ":" in host else "127.0.0.1", 0))
            udp.setblocking(False)
            udp.sendto(bytes(request), (host, hall.engine.udp_port))
            loop = asyncio.get_running_loop()
            _, address = await asyncio.wait_for(loop.sock_recvfrom(udp, 2048), 5)
        assert address[:2] == (host, hall.engine.udp_port)
        await agent.close()
    await hall.close()


async def test_people_meet_over_ipv6_alone(monkeypatch):
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: ["::1"])
    hall = Hall(RtcSettings(0, ("::",), ("::1",)))
    await hall.engine.start()
    await hall.join("ada", tone=440)
    bob = await hall.join("bob", tone=1000)
    await bob.hears(440)
    assert hall.told.up["ada"].remote.startswith("[::1]:")
    await hall.close()
    assert hall.errors == []


async def test_a_taken_port_may_fall_to_the_next(hall):
    taken = hall.engine.udp_port
    other = Hall(RtcSettings(taken, ("127.0.0.1",), ("127.0.0.1",), port_tries=20))
    await other.engine.start()
    assert taken < other.engine.udp_port < taken + 20
    await other.close()


async def test_advertised_addresses_must_be_reachable():
    hall = Hall(RtcSettings(0, ("127.0.0.1",), ("::1",)))
    with pytest.raises(MediaError, match="none of the advertised addresses"):
        await hall.engine.start()
    assert hall.engine.udp_port == 0


async def test_an_offer_that_fails_changes_nothing(hall):
    ada = await hall.join("ada", tone=440)
    bob = await hall.join("bob", tone=1000)
    await bob.hears(440)
    for offer, code in (
        ("nonsense", "invalid_sdp"),
        (ada.pc.localDescription.sdp.replace("a=group:BUNDLE", "a=group:LS"), "bundle_required"),
        (
            ada.pc.localDescription.sdp.replace("a=ice-pwd:", "a=ice-pwd:x"),
            "ice_restart_unsupported",
        ),
    ):
        with pytest.raises(NegotiationError) as caught:
            await hall.engine.answer("ada", offer, {})
        assert caught.value.code == code
    bob.ears["1"].forget()
    await bob.hears(440)


async def test_joins_and_leaves_leave_nothing_behind(hall):
    async def pass_by(name):
        peer = await hall.join(name, tone=440, audio_slots=1)
        await peer.close()
        await hall.engine.close(name)
        del hall.peers[name]

    await pass_by("warm")
    engine = hall.engine
    gc.collect()
    tasks = len(asyncio.all_tasks())
    for turn in range(5):
        await asyncio.gather(*(pass_by(f"{turn}-{index}") for index in range(3)))
    for turn in range(200):  # and those that never answer
        engine.open(ConnectionSpec(f"x{turn}", f"room{turn}", "p", "P"), hall.told)
        await engine.close(f"x{turn}")
    await asyncio.sleep(0)
    assert engine.counters()["connections"] == engine.counters()["attached"] == 0
    assert (engine._rooms, engine._peers, len(engine._mux), engine._ssrcs) == ({}, {}, 0, set())
    assert engine._housekeeping._served == {}
    await until(lambda: len(asyncio.all_tasks()) <= tasks)
    gc.collect()
    assert not [each for each in gc.get_objects() if type(each).__name__ == "IceAgent"]


async def test_no_decoder_or_encoder_thread_runs_in_a_meeting():
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "support.engine_process",
        cwd=TESTS,
        env=os.environ | {"PYTHONPATH": f"{TESTS.parent}:{TESTS}"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )

    async def ask(**request):
        process.stdin.write(json.dumps(request).encode() + b"\n")
        return json.loads(await asyncio.wait_for(process.stdout.readline(), 20))

    alone = (await ask())["threads"]
    peers = [Peer(microphone=ToneTrack(440 + 300 * n), camera=PictureTrack()) for n in range(3)]
    for number, peer in enumerate(peers):
        answer = await ask(name=f"p{number}", offer=await peer.offer())
        await peer.accept(answer["answer"])
    await asyncio.gather(*(peer.hears(740 if peer is peers[0] else 440) for peer in peers))
    during = await ask()
    assert during["packets"] > 0
    assert during["threads"] == alone
    await asyncio.gather(*(peer.close() for peer in peers))
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 10) == 0
