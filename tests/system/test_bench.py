"""The measurement itself works: nothing is lost, and every figure is there."""

import asyncio
import json
import sys

from support.server_process import ROOT


async def test_measurement_of_a_small_meeting_is_complete():
    command = ("-m", "bench", "--sizes", "3", "--seconds", "1", "--json")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    (figures,) = json.loads(output)
    assert figures["participants"] == 3
    assert figures["delivered_percent"] > 99
    assert figures["packets_out_per_second"] > 150
    assert 0 < figures["cpu_ms_per_participant_second"] < 1000
    assert 0 < figures["join_ms_p50"] <= figures["join_ms_max"]


async def test_cost_of_judging_is_measured():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.quality", "--streams", "8", "--seconds", "3",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(output)["streams"] == 8
