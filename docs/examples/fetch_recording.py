"""Record a meeting that people are in, wait until the files are ready, download them.

python fetch_recording.py http://localhost:8080 MEETING [--key rt_dev] [--seconds 5] [--to .]
"""

import argparse
import asyncio
from pathlib import Path

import aiohttp


async def record(http: aiohttp.ClientSession, meeting: str, seconds: float) -> dict:
    """Record for a while; returns the finished recording."""
    async with http.post(f"/v1/meetings/{meeting}/recordings") as answer:
        recording = await answer.json()
        if answer.status != 201:
            raise SystemExit(f"{recording['code']}: {recording['detail']}")
    await asyncio.sleep(seconds)
    path = f"/v1/recordings/{recording['id']}"
    async with http.post(f"{path}/stop") as answer:
        answer.raise_for_status()
    while recording["state"] not in ("ready", "failed"):
        await asyncio.sleep(0.2)
        async with http.get(path) as answer:
            recording = await answer.json()
    return recording


async def download(http: aiohttp.ClientSession, recording: dict, to: Path) -> None:
    for file in recording["files"]:
        path = to / f"{file['participant_id']}-{file['segment']}.ogg"
        async with http.get(f"/v1/recordings/{recording['id']}/files/{file['id']}") as answer:
            answer.raise_for_status()
            path.write_bytes(await answer.read())
        print(path, file["name"], f"{file['duration_seconds']:.2f} s", file["bytes"], "bytes")


async def main(url: str, meeting: str, key: str, seconds: float, to: Path) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(url, headers=headers) as http:
        recording = await record(http, meeting, seconds)
        await download(http, recording, to)
        print(recording["state"], len(recording["files"]), "files")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("meeting")
    parser.add_argument("--key", default="rt_dev")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--to", type=Path, default=Path())
    asyncio.run(main(**vars(parser.parse_args())))
