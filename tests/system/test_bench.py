"""The measurement itself works: nothing is lost, and every figure is there."""

import asyncio
import json
import shutil
import sys

import pytest
from support.server_process import ROOT


async def test_measurement_of_a_small_meeting_is_complete():
    command = ("-m", "bench", "--people", "3", "--seconds", "1", "--json")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    (figures,) = json.loads(output)
    assert figures["participants"] == 3
    assert figures["delivered_percent"] > 99
    assert figures["packets_out_per_second"] > 150
    assert 0 < figures["latency_ms_p50"] <= figures["latency_ms_p99"]
    assert 0 < figures["cpu_ms_per_participant_second"] < 1000
    assert 0 < figures["join_ms_p50"] <= figures["join_ms_max"]


async def test_unknown_scenario_is_named():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench", "--scenarios", "audio 7",
        cwd=ROOT, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"Unknown scenario 'audio 7'" in errors


@pytest.mark.long
@pytest.mark.skipif(shutil.which("janus") is None, reason="the program janus is not installed")
async def test_comparison_ends_in_a_ratio():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench", "--janus", "--people", "5", "--seconds", "2",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    name, word, ratio = output.decode().rsplit(maxsplit=2)
    assert (name, word) == ("audio 5", "ratio")
    assert 0 < float(ratio) < 2


@pytest.mark.long
async def test_every_kind_of_scenario_delivers():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench", "--scenarios", "video 9 to 9", "--seconds", "3", "--json",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    (figures,) = json.loads(output)
    assert figures["packets_out_per_second"] > 9 * 8 * 30  # everybody sees everybody


async def test_cost_of_judging_is_measured():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.quality", "--streams", "8", "--seconds", "3",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert json.loads(output)["streams"] == 8
