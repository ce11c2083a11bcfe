"""Ask in the Convex style who is connecting, connected or disconnected in a meeting now.

python active_sessions.py http://localhost:8080 MEETING [--key rt_dev | --key USER_TOKEN]
"""

import argparse
import asyncio

import aiohttp

PATH = "/api/run/meetings/webrtc/index/getActiveSessions"


async def active_sessions(url: str, meeting: str, key: str) -> list[dict]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http:
        async with http.get(f"{url}/v1/meetings/{meeting}") as answer:
            answer.raise_for_status()
            convex_id = (await answer.json())["convex_id"]
        body = {"args": {"meetingId": convex_id}, "format": "json"}
        async with http.post(url + PATH, json=body) as answer:
            result = await answer.json()
    if result["status"] != "success":
        raise SystemExit(result["errorMessage"])
    return result["value"]


async def main(url: str, meeting: str, key: str) -> None:
    rows = await active_sessions(url, meeting, key)
    for row in rows:
        name = row["user"].get("displayName", "?") if row.get("user") else "?"
        print(row["state"], name, row.get("connectionQuality", "-"))
    print(f"{len(rows)} active")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("meeting")
    parser.add_argument("--key", default="rt_dev")
    asyncio.run(main(**vars(parser.parse_args())))
