"""Recordings in object storage as clients see them: a real S3 server behind a way that can fail."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import stamina
from support.s3 import BUCKET, OPTIONS, Way, make_bucket, s3_server, status, wrong_bytes
from support.wait import until
from support.web_recordings import problem, recorded
from support.webserver import KEY, Web, serving

from server.services.uploads import AGAIN_SECONDS
from signaling.ids import new_id

REQUESTS = [
    {},
    {"Range": "bytes=0-0"},
    {"Range": "bytes=10-29"},
    {"Range": "bytes=100-"},
    {"Range": "bytes=-7"},
    {"Range": "bytes=-99999999"},
    {"Range": "bytes=0-99999999"},
    {"Range": "bytes=99999999-"},
    {"Range": "bytes=-0"},
    {"Range": "bytes=5-2"},
    {"Range": "bytes=0-1,4-5"},
    {"Range": "lines=0-1"},
    {"Range": "bytes=0-9", "If-Range": "ETAG"},
    {"Range": "bytes=0-9", "If-Range": '"other"'},
    {"Range": "bytes=0-9", "If-Range": "W/ETAG"},
    {"Range": "bytes=0-9", "If-Range": "MODIFIED"},
    {"Range": "bytes=0-9", "If-Range": "Sat, 01 Jan 2000 00:00:00 GMT"},
    {"If-None-Match": "ETAG"},
    {"If-None-Match": '"other", ETAG'},
    {"If-None-Match": "*"},
    {"If-None-Match": '"other"'},
    {"If-Match": "ETAG"},
    {"If-Match": '"other"'},
    {"If-Match": "*", "Range": "bytes=3-4"},
    {"If-Modified-Since": "MODIFIED"},
    {"If-Unmodified-Since": "MODIFIED"},
    {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
]
SAME = (
    "ETag",
    "Last-Modified",
    "Accept-Ranges",
    "Content-Range",
    "Content-Length",
    "Content-Type",
    "Content-Disposition",
    "Cache-Control",
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
async def way(server: str) -> AsyncIterator[Way]:
    await make_bucket(server)
    async with Way(server).open() as way:
        yield way


@pytest.fixture
async def web(tmp_path: Path, way: Way) -> AsyncIterator[Web]:
    settings = {
        "url": f"s3://{BUCKET}/all",
        "endpoint": way.endpoint,
        "attempts": 2,
        "local_days": 1,
        "timeout_seconds": 5,
        **OPTIONS,
    }
    with stamina.set_testing(True, attempts=2, cap=True):
        async with serving(tmp_path, object_storage=settings) as web:
            yield web


async def shown(web: Web, recording_id: str) -> dict:
    return await (await web.client.get(f"/v1/recordings/{recording_id}", headers=KEY)).json()


async def arrived(web: Web, recording_id: str) -> dict:
    async with asyncio.timeout(30):
        while True:
            body = await shown(web, recording_id)
            if body["stored"]["state"] == "stored":
                return body
            await asyncio.sleep(0.02)  # bytes travel


async def moved(web: Web) -> dict:
    """A recording whose files are in object storage alone."""
    _, body = await recorded(web)
    _ = await arrived(web, body["id"])
    web.clock.advance(86_401)
    await web.app.recordings.uploads.drop_old()
    return await shown(web, body["id"])


def local_names(web: Web, recording_id: str) -> list[str]:
    return web.app.recordings.uploads.archive.files.names(recording_id)


async def answers(web: Web, url: str) -> list[tuple]:
    """Every request of the table, by GET and HEAD: status, headers, bytes."""
    facts = (await web.client.head(url, headers=KEY)).headers
    found = []
    for headers in REQUESTS:
        sent = {
            name: value.replace("ETAG", facts["ETag"]).replace("MODIFIED", facts["Last-Modified"])
            for name, value in headers.items()
        }
        for method in ("GET", "HEAD"):
            answer = await web.client.request(method, url, headers={**KEY, **sent})
            body = b"" if answer.status >= 400 else await answer.read()
            told = [answer.headers.get(name) for name in SAME if answer.status < 400]
            found.append((method, headers, answer.status, told, body))
    return found


async def test_a_moved_file_answers_every_request_as_a_local_one(web: Web, way: Way):
    _, body = await recorded(web)
    url = body["files"][0]["url"]
    _ = await arrived(web, body["id"])
    here = await answers(web, url)
    assert {one[2] for one in here} == {200, 206, 304, 412, 416}
    web.clock.advance(86_401)
    await web.app.recordings.uploads.drop_old()
    assert (await shown(web, body["id"]))["stored"]["state"] == "moved"
    names = await asyncio.to_thread(local_names, web, body["id"])
    assert names == ["manifest.json", "stored.json"]
    way.seen.clear()
    assert await answers(web, url) == here
    assert not any(seen.startswith(("PUT", "DELETE", "HEAD")) for seen in way.seen)


async def test_faults_on_the_way_are_outlasted(web: Web, way: Way):
    # obstore asks thrice; then the second of the two tries meets a byte that was turned over
    way.faults += [status(503), status(500), status(500), wrong_bytes()]
    _, body = await recorded(web)
    uploads = web.app.recordings.uploads
    await until(lambda: uploads.figures.failures == 2 and uploads._work is None)
    assert (await shown(web, body["id"]))["stored"]["error"] == "object_differs"
    web.clock.advance(AGAIN_SECONDS)
    await uploads.upload_due()
    stored = await arrived(web, body["id"])
    assert stored["stored"]["error"] is None
    assert way.faults == []


async def test_a_storage_that_is_away_keeps_the_recording_here(web: Web, way: Way):
    works, way._to = way._to, "http://127.0.0.1:9"
    _, body = await recorded(web)
    uploads = web.app.recordings.uploads
    await until(lambda: uploads.figures.failures == 2)
    await until(lambda: uploads._work is None)
    body = await shown(web, body["id"])
    assert body["stored"] == {
        "state": "uploading",
        "since": None,
        "error": "object_storage_unavailable",
    }
    assert (await web.client.get(body["files"][0]["url"], headers=KEY)).status == 200
    ready = await (await web.client.get("/readyz")).json()
    assert ready == {"status": "ok", "object_storage": "failing", "uploads_waiting": 1}
    answer = await web.client.delete(f"/v1/recordings/{body['id']}", headers=KEY)
    assert await problem(answer) == (503, "object_storage_unavailable")
    way._to = works
    uploads.schedule(body["id"])
    body = await arrived(web, body["id"])
    assert body["stored"]["error"] is None
    ready = await (await web.client.get("/readyz")).json()
    assert ready == {"status": "ok", "object_storage": "ok", "uploads_waiting": 0}


async def test_what_cannot_be_read_there_is_a_precise_problem(web: Web, way: Way):
    body = await moved(web)
    url, objects = body["files"][0]["url"], web.app.recordings.uploads.archive.objects
    works, way._to = way._to, "http://127.0.0.1:9"
    answer = await web.client.get(url, headers=KEY)
    assert await problem(answer) == (503, "object_storage_unavailable")
    way._to = works
    key = f"{body['id']}/{await file_name(web, body)}"
    path = web.app.recordings.uploads.archive.files.path(body["id"], "manifest.json")
    await objects.put(key, path)
    answer = await web.client.get(url, headers=KEY)
    assert await problem(answer) == (503, "object_differs")
    await objects.remove(body["id"])
    answer = await web.client.get(url, headers=KEY)
    assert await problem(answer) == (410, "file_gone")


async def file_name(web: Web, body: dict) -> str:
    view = await web.app.recordings.get(body["id"])
    return view.files[0].file_name


async def test_a_mix_is_made_of_moved_files_and_goes_there_too(web: Web):
    body = await moved(web)
    answer = await web.client.post(
        f"/v1/recordings/{body['id']}/files", json={"kind": "mix"}, headers=KEY
    )
    mix = await answer.json()
    await web.app.recordings.products.settled(mix["id"])
    body = await arrived(web, body["id"])
    mix = next(file for file in body["files"] if file["kind"] == "mix")
    assert mix["state"] == "ready"
    here = await (await web.client.get(mix["url"], headers=KEY)).read()
    web.clock.advance(86_401)
    await web.app.recordings.uploads.drop_old()
    assert "mix.ogg" not in await asyncio.to_thread(local_names, web, body["id"])
    assert await (await web.client.get(mix["url"], headers=KEY)).read() == here


async def test_deleting_leaves_nothing_anywhere_but_that_it_was_there(web: Web):
    body = await moved(web)
    objects = web.app.recordings.uploads.archive.objects
    assert await objects.facts(f"{body['id']}/manifest.json") is not None
    answer = await web.client.delete(f"/v1/recordings/{body['id']}", headers=KEY)
    assert answer.status == 204
    assert await objects.facts(f"{body['id']}/manifest.json") is None
    gone = await web.client.get(f"/v1/recordings/{body['id']}", headers=KEY)
    assert await problem(gone) == (410, "recording_deleted")
    assert (await gone.json())["why"] == "request"
    listed = await (await web.client.get("/v1/deleted-recordings", headers=KEY)).json()
    (stone,) = listed["items"]
    assert (stone["id"], stone["files"], stone["why"]) == (body["id"], 1, "request")
    assert stone["bytes"] == body["files"][0]["bytes"]
    assert stone["deleted_by"]
    assert "Ada" not in str(stone)


class TestHold:
    async def test_what_is_held_is_not_deleted_until_released(self, web: Web):
        _, body = await recorded(web)
        path = f"/v1/recordings/{body['id']}"
        for _ in range(2):
            answer = await web.client.put(f"{path}/hold", json={"reason": "case 7"}, headers=KEY)
            held = (await answer.json())["held"]
            assert held["reason"] == "case 7"
            assert held["since"]
        answer = await web.client.delete(path, headers=KEY)
        assert await problem(answer) == (409, "recording_held")
        assert (await shown(web, body["id"]))["held"] == held
        answer = await web.client.delete(f"{path}/hold", headers=KEY)
        assert (await answer.json())["held"] is None
        assert (await web.client.delete(path, headers=KEY)).status == 204

    async def test_one_that_runs_can_be_held_and_stays_so(self, web: Web):
        made = await web.meeting()
        await web.join(made["id"])
        answer = await web.client.post(f"/v1/meetings/{made['id']}/recordings", headers=KEY)
        path = f"/v1/recordings/{(await answer.json())['id']}"
        await web.client.put(f"{path}/hold", json={}, headers=KEY)
        await web.client.post(f"{path}/stop", headers=KEY)
        await until(lambda: not web.app.recordings.active)
        body = await shown(web, path.rpartition("/")[2])
        assert (body["state"], body["held"]["reason"]) == ("ready", None)

    async def test_only_owners_hold(self, web: Web):
        made, body = await recorded(web)
        path = f"/v1/recordings/{body['id']}/hold"
        host = await web.token(made["id"], role="host")
        for method in ("PUT", "DELETE"):
            answer = await web.client.request(method, path, json={}, headers=host)
            assert await problem(answer) == (403, "forbidden")
        answer = await web.client.get("/v1/deleted-recordings", headers=web.user())
        assert await problem(answer) == (403, "forbidden")


async def test_others_do_not_even_learn_that_it_was_there(web: Web):
    _, body = await recorded(web)
    await web.client.delete(f"/v1/recordings/{body['id']}", headers=KEY)
    path = f"/v1/recordings/{body['id']}"
    assert await problem(await web.client.get(path, headers=web.user("u2"))) == (
        404,
        "recording_not_found",
    )
    never = await web.client.get(f"/v1/recordings/{new_id()}", headers=KEY)
    assert await problem(never) == (404, "recording_not_found")
