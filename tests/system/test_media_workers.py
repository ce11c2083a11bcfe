"""A server whose media runs in worker processes, and what the death of one costs."""

import os
import signal
from pathlib import Path

import pytest
from support.rtc_client import MeetingClient, WhipClient
from support.server_process import ServerProcess
from support.wait import until
from system.test_recording import TONES, call, in_state, recorded_for


@pytest.fixture
def server(tmp_path: Path):
    process = ServerProcess(tmp_path / "data", settings={"media.workers": 2}).start()
    yield process
    assert process.stop() == 0


def workers(server: ServerProcess) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    return [pid for pid, command in commands.items() if b"media.workers.process" in command]


def port_of(client: MeetingClient) -> int:
    (line, *_) = [
        line
        for line in client.peer.pc.remoteDescription.sdp.splitlines()
        if line.startswith("a=candidate:")
    ]
    return int(line.split()[5])


async def test_a_killed_worker_costs_its_people_one_resume(server: ServerProcess):
    assert len(workers(server)) == 2
    _, meeting = server.request("POST", "/v1/meetings", {"record": "always"})
    url, room = server.base_url, meeting["id"]
    async with (
        MeetingClient.join(url, room, name="Ada", tone=TONES["Ada"]) as ada,
        MeetingClient.join(url, room, name="Bo", tone=TONES["Bo"]) as bo,
    ):
        await recorded_for(ada, 100)
        session = await call(server, "GET", f"/v1/meetings/{room}/session")
        for pid in workers(server):
            os.kill(pid, signal.SIGKILL)
        for one in (ada, bo):
            assert (await one.wait_for("error"))["code"] == "media_lost"
        async with (
            MeetingClient.join(url, room, tone=TONES["Ada"], resume=ada.resume_token) as ada2,
            MeetingClient.join(url, room, tone=TONES["Bo"], resume=bo.resume_token) as bo2,
        ):
            assert ada2.participant_id == ada.participant_id
            assert bo2.participant_id == bo.participant_id
            await recorded_for(ada2, 100)
            again = await call(server, "GET", f"/v1/meetings/{room}/session")
            assert again["id"] == session["id"]
            await until(lambda: len(workers(server)) == 2)
    listed = await call(server, "GET", f"/v1/recordings?meeting={room}")
    (recording,) = listed["items"]
    await call(server, "POST", f"/v1/recordings/{recording['id']}/stop")
    ready = await in_state(server, recording["id"], "ready", "failed")
    assert ready["state"] == "ready"
    segments = sorted((file["name"], file["segment"]) for file in ready["files"])
    assert segments == [("Ada", 1), ("Ada", 2), ("Bo", 1), ("Bo", 2)]


async def test_meetings_are_spread_over_ports(server: ServerProcess):
    rooms = [server.request("POST", "/v1/meetings", {})[1]["id"] for _ in range(2)]
    async with (
        MeetingClient.join(server.base_url, rooms[0], name="Ada") as ada,
        MeetingClient.join(server.base_url, rooms[1], name="Bo") as bo,
    ):
        assert port_of(ada) != port_of(bo)


async def test_mixes_are_made_where_the_packets_are(server: ServerProcess):
    _, meeting = server.request("POST", "/v1/meetings", {})
    url, room = server.base_url, meeting["id"]
    async with (
        MeetingClient.join(url, room, name="Ada", tone=440),
        MeetingClient.join(url, room, name="Bob", tone=880),
        WhipClient.listen(url, room, name="Tv") as tv,
    ):
        (ear,) = tv.peer.ears.values()
        await until(lambda: ear.strength(440) > 0.1 and ear.strength(880) > 0.1)
