import asyncio
import hashlib

import pytest
from support.film import STREAM, Camera, frames
from support.web_recordings import problem, recorded, started, until_ready
from support.webserver import KEY, Web
from yarl import URL

from media.types import TrackSource


class TestPictures:
    async def test_cameras_are_recorded_when_they_are_asked_for(self, web: Web) -> None:
        made = await web.meeting(title="Tea")
        await web.join(made["id"], "Ada")
        path = f"/v1/meetings/{made['id']}/recordings"
        answer = await web.client.post(path, headers=KEY, json={"media": "audio_video"})
        body = await answer.json()
        assert (answer.status, body["media"]) == (201, "audio_video")
        lobby = await (await web.client.get(f"/v1/meetings/{made['id']}/lobby")).json()
        assert lobby["recording_media"] == "audio_video"
        ((_, room),) = web.engine.video_taps
        tap = room.open_video("p1", "Ada", TrackSource.CAMERA, "c1", STREAM)
        assert tap is not None
        Camera(tap, web.clock).film(frames("video/vp8", 30))
        tap.close()
        await web.client.post(f"/v1/recordings/{body['id']}/stop", headers=KEY)
        ready = await until_ready(web, body["id"])
        assert (ready["state"], ready["media"]) == ("ready", "audio_video")
        (file,) = ready["files"]
        assert (file["kind"], file["source"], file["format"]) == ("video", "camera", "webm")
        assert file["content_type"] == "video/webm; codecs=vp8"
        assert file["duration_seconds"] == pytest.approx(1, abs=0.01)
        got = await web.client.get(file["url"], headers=KEY | {"Range": "bytes=0-3"})
        assert (got.status, await got.read()) == (206, b"\x1a\x45\xdf\xa3")
        assert got.headers["Content-Type"] == "video/webm; codecs=vp8"
        storage = await (await web.client.get("/v1/storage", headers=KEY)).json()
        assert storage["bytes"] == file["bytes"]
        mix = await web.client.post(
            f"/v1/recordings/{ready['id']}/files", headers=KEY, json={"kind": "peaks"}
        )
        assert mix.status == 202

    async def test_sound_alone_is_recorded_otherwise(self, web: Web) -> None:
        _, body = await started(web)
        assert body["media"] == "audio"
        assert web.engine.video_taps == []

    async def test_other_words_are_refused(self, web: Web) -> None:
        made = await web.meeting()
        await web.join(made["id"], "Ada")
        path = f"/v1/meetings/{made['id']}/recordings"
        answer = await web.client.post(path, headers=KEY, json={"media": "video"})
        assert await problem(answer) == (422, "invalid_request")


class TestLife:
    async def test_start_answers_the_running_recording(self, web: Web) -> None:
        made, body = await started(web)
        assert (body["state"], body["meeting_id"], body["title"]) == (
            "recording",
            made["id"],
            "Tea",
        )
        assert (body["recovered"], body["files"], body["duration_seconds"]) == (False, [], None)

    async def test_second_start_names_the_running_one(self, web: Web) -> None:
        made, body = await started(web)
        answer = await web.client.post(f"/v1/meetings/{made['id']}/recordings", headers=KEY)
        assert (await answer.json())["recording_id"] == body["id"]
        assert await problem(answer) == (409, "recording_running")

    async def test_pause_resume_stop(self, web: Web) -> None:
        _, body = await started(web)
        path = f"/v1/recordings/{body['id']}"
        for action, state in (("pause", "paused"), ("resume", "recording")):
            answer = await web.client.post(f"{path}/{action}", headers=KEY)
            assert (await answer.json())["state"] == state
        stopped = await web.client.post(f"{path}/stop", headers=KEY)
        assert (await stopped.json())["state"] in ("stopping", "processing", "ready")
        assert (await until_ready(web, body["id"]))["state"] == "ready"
        again = await web.client.post(f"{path}/stop", headers=KEY)
        assert (again.status, (await again.json())["state"]) == (200, "ready")
        for action in ("pause", "resume"):
            late = await web.client.post(f"{path}/{action}", headers=KEY)
            assert await problem(late) == (409, "invalid_state")

    async def test_nobody_there_is_not_recorded(self, web: Web) -> None:
        made = await web.meeting()
        answer = await web.client.post(f"/v1/meetings/{made['id']}/recordings", headers=KEY)
        assert await problem(answer) == (409, "no_active_session")

    async def test_meeting_that_must_not_be_recorded_is_not(self, web: Web) -> None:
        made = await web.meeting(record="off")
        await web.join(made["id"])
        answer = await web.client.post(f"/v1/meetings/{made['id']}/recordings", headers=KEY)
        assert await problem(answer) == (403, "recording_off")

    async def test_deleted_recording_is_gone_with_its_files(self, web: Web) -> None:
        _, body = await recorded(web)
        path = f"/v1/recordings/{body['id']}"
        assert (await web.client.delete(path, headers=KEY)).status == 204
        for gone in (path, body["files"][0]["url"]):
            answer = await web.client.get(gone, headers=KEY)
            assert await problem(answer) == (410, "recording_deleted")

    async def test_running_recording_is_not_deleted(self, web: Web) -> None:
        _, body = await started(web)
        answer = await web.client.delete(f"/v1/recordings/{body['id']}", headers=KEY)
        assert await problem(answer) == (409, "recording_not_ready")

    @pytest.mark.parametrize(
        ("method", "tail"),
        [("GET", ""), ("DELETE", ""), ("POST", "/stop"), ("POST", "/pause"), ("POST", "/resume"),
         ("GET", "/files/x"), ("HEAD", "/files/x")],
    )  # fmt: skip
    async def test_unknown_is_not_found(self, web: Web, method: str, tail: str) -> None:
        answer = await web.client.request(method, f"/v1/recordings/unknown{tail}", headers=KEY)
        assert answer.status == 404


class TestLists:
    async def test_show_recordings_with_their_files(self, web: Web) -> None:
        _, body = await recorded(web)
        page = await (await web.client.get("/v1/recordings", headers=KEY)).json()
        assert page == {"items": [body], "next_cursor": None}
        (file,) = body["files"]
        assert {
            "id", "participant_id", "name", "kind", "content_type", "duration_seconds", "bytes",
            "offset_seconds", "segment", "url",
        } <= set(file)  # fmt: skip
        assert (file["name"], file["kind"], file["segment"]) == ("Ada", "audio", 1)
        assert file["content_type"].startswith("audio/ogg")
        assert file["duration_seconds"] == pytest.approx(1.0, abs=0.05)

    async def test_are_filtered(self, web: Web) -> None:
        made, body = await recorded(web)
        for query, count in (
            ({"meeting": made["convex_id"]}, 1),
            ({"meeting": "other"}, 0),
            ({"session": body["session_id"]}, 1),
            ({"state": "ready"}, 1),
            ({"state": "failed"}, 0),
        ):
            page = await (await web.client.get("/v1/recordings", params=query, headers=KEY)).json()
            assert len(page["items"]) == count, query

    async def test_keep_recordings_of_a_deleted_meeting(self, web: Web) -> None:
        made, body = await recorded(web)
        await web.client.delete(f"/v1/meetings/{made['id']}", headers=KEY)
        (item,) = (await (await web.client.get("/v1/recordings", headers=KEY)).json())["items"]
        assert (item["id"], item["title"]) == (body["id"], None)
        assert (await web.client.get(body["files"][0]["url"], headers=KEY)).status == 200


class TestRights:
    async def test_host_records_and_reads(self, web: Web) -> None:
        made = await web.meeting()
        await web.join(made["id"])
        host = await web.token(made["id"], role="host")
        answer = await web.client.post(f"/v1/meetings/{made['id']}/recordings", headers=host)
        assert answer.status == 201
        page = await (await web.client.get("/v1/recordings", headers=host)).json()
        assert len(page["items"]) == 1

    async def test_guest_does_neither(self, web: Web) -> None:
        made, body = await recorded(web)
        guest = await web.token(made["id"])
        for method, path in (
            ("POST", f"/v1/meetings/{made['id']}/recordings"),
            ("GET", "/v1/recordings"),
            ("GET", f"/v1/recordings/{body['id']}"),
            ("DELETE", f"/v1/recordings/{body['id']}"),
            ("GET", body["files"][0]["url"]),
        ):
            answer = await web.client.request(method, path, headers=guest)
            assert await problem(answer) == (403, "forbidden"), path

    async def test_member_reads_but_does_not_delete(self, web: Web) -> None:
        made, body = await recorded(web)
        await web.token(made["id"], user_id="user_01")
        user = web.user("user_01")
        assert (await web.client.get(body["files"][0]["url"], headers=user)).status == 200
        answer = await web.client.delete(f"/v1/recordings/{body['id']}", headers=user)
        assert await problem(answer) == (403, "forbidden")

    async def test_member_has_peaks_made_and_nothing_else(self, web: Web) -> None:
        made, body = await recorded(web)
        await web.token(made["id"], user_id="user_01")
        path, user = f"/v1/recordings/{body['id']}/files", web.user("user_01")
        answer = await web.client.post(path, headers=user, json={"kind": "mix"})
        assert await problem(answer) == (403, "forbidden")
        answer = await web.client.post(path, headers=user, json={"kind": "peaks"})
        assert answer.ok

    async def test_others_find_nothing(self, web: Web) -> None:
        _, body = await recorded(web)
        other = await web.meeting()
        for headers in (web.user("user_02"), await web.token(other["id"], role="host")):
            answer = await web.client.get(body["files"][0]["url"], headers=headers)
            assert await problem(answer) == (404, "recording_not_found")


class TestFiles:
    async def test_whole_file_is_what_was_hashed(self, web: Web) -> None:
        _, body = await recorded(web)
        (file,) = body["files"]
        answer = await web.client.get(file["url"], headers=KEY)
        content = await answer.read()
        assert (answer.status, len(content)) == (200, file["bytes"])
        assert answer.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
        assert answer.headers["Content-Type"] == file["content_type"]
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Cache-Control"] == "private, no-transform"
        assert answer.headers["Content-Disposition"].startswith("inline; filename=")
        assert content.startswith(b"OggS")

    async def test_range_is_a_part_of_it(self, web: Web) -> None:
        _, body = await recorded(web)
        (file,) = body["files"]
        whole = await (await web.client.get(file["url"], headers=KEY)).read()
        answer = await web.client.get(file["url"], headers={**KEY, "Range": "bytes=10-29"})
        assert (answer.status, await answer.read()) == (206, whole[10:30])
        assert answer.headers["Content-Range"] == f"bytes 10-29/{len(whole)}"
        assert answer.headers["Content-Length"] == "20"

    async def test_range_beyond_is_a_problem_with_the_length(self, web: Web) -> None:
        _, body = await recorded(web)
        (file,) = body["files"]
        answer = await web.client.get(file["url"], headers={**KEY, "Range": "bytes=9999999-"})
        assert await problem(answer) == (416, "range_not_satisfiable")
        assert answer.headers["Content-Range"] == f"bytes */{file['bytes']}"

    async def test_head_tells_everything_but_the_bytes(self, web: Web) -> None:
        _, body = await recorded(web)
        (file,) = body["files"]
        answer = await web.client.head(file["url"], headers={**KEY, "Range": "bytes=0-1"})
        assert (answer.status, await answer.read()) == (200, b"")
        assert answer.headers["Content-Length"] == str(file["bytes"])
        assert answer.headers["ETag"]

    async def test_known_file_is_not_sent_again(self, web: Web) -> None:
        _, body = await recorded(web)
        (file,) = body["files"]
        etag = (await web.client.head(file["url"], headers=KEY)).headers["ETag"]
        answer = await web.client.get(file["url"], headers={**KEY, "If-None-Match": etag})
        assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", etag)
        changed = await web.client.get(file["url"], headers={**KEY, "If-Match": '"old"'})
        assert await problem(changed) == (412, "precondition_failed")

    async def test_download_is_offered_to_keep(self, web: Web) -> None:
        _, body = await recorded(web)
        answer = await web.client.get(body["files"][0]["url"] + "?download=1", headers=KEY)
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")

    async def test_browser_plays_by_cookie(self, web: Web) -> None:
        _, body = await recorded(web)
        await web.client.post("/v1/sign-in", json={"credential": "rt_dev"})
        answer = await web.client.get(
            body["files"][0]["url"], headers={"Range": "bytes=0-", "Sec-Fetch-Site": "same-origin"}
        )
        assert answer.status == 206

    async def test_of_a_running_recording_are_not_ready(self, web: Web) -> None:
        _, body = await started(web)
        answer = await web.client.get(f"/v1/recordings/{body['id']}/files/any", headers=KEY)
        assert (await answer.json())["state"] == "recording"
        assert await problem(answer) == (409, "recording_not_ready")

    @pytest.mark.parametrize(
        "name", ["unknown", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "manifest.json", "a%00b", "x" * 300]
    )
    async def test_nothing_but_listed_ids_is_served(self, web: Web, name: str) -> None:
        _, body = await recorded(web)
        path = URL(f"/v1/recordings/{body['id']}/files/{name}", encoded=True)
        answer = await web.client.get(path, headers=KEY)
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"


class TestProducts:
    async def made(self, web: Web, path: str, wish: dict) -> dict:
        """Ask, and wait until the file is there or has failed."""
        asked = await web.client.post(f"{path}/files", headers=KEY, json=wish)
        assert asked.status == 202, await asked.text()
        wanted = (await asked.json())["id"]
        async with asyncio.timeout(60):
            while True:
                body = await (await web.client.get(path, headers=KEY)).json()
                (file,) = [one for one in body["files"] if one["id"] == wanted]
                if file["state"] in ("ready", "failed"):
                    return file
                await asyncio.sleep(0.02)

    async def test_a_mix_is_made_and_fetched(self, web: Web) -> None:
        _, body = await recorded(web)
        path = f"/v1/recordings/{body['id']}"
        file = await self.made(web, path, {"kind": "mix"})
        assert (file["state"], file["progress"], file["reason"]) == ("ready", 1.0, None)
        assert (file["kind"], file["format"], file["participant_id"]) == ("mix", "ogg", None)
        assert file["duration_seconds"] == pytest.approx(1, abs=0.1)
        answer = await web.client.get(file["url"], headers=KEY)
        content = await answer.read()
        assert (answer.content_type, content[:4]) == ("audio/ogg", b"OggS")
        assert answer.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
        assert len(content) == file["bytes"]
        part = await web.client.get(file["url"], headers={**KEY, "Range": "bytes=4-9"})
        assert (part.status, await part.read()) == (206, content[4:10])

    async def test_peaks_are_json(self, web: Web) -> None:
        _, body = await recorded(web)
        file = await self.made(web, f"/v1/recordings/{body['id']}", {"kind": "peaks"})
        document = await (await web.client.get(file["url"], headers=KEY)).json()
        assert document["per_second"] == 50
        assert len(document["lanes"][0]["peaks"]) == pytest.approx(100, abs=6)

    async def test_what_nobody_makes_is_refused(self, web: Web) -> None:
        _, body = await recorded(web)
        path = f"/v1/recordings/{body['id']}/files"
        answer = await web.client.post(path, headers=KEY, json={"kind": "mix", "format": "mp3"})
        assert await problem(answer) == (422, "format_unsupported")
        answer = await web.client.post(path, headers=KEY, json={"kind": "dance"})
        assert await problem(answer) == (422, "invalid_request")

    async def test_a_running_recording_has_none_made(self, web: Web) -> None:
        _, body = await started(web)
        answer = await web.client.post(
            f"/v1/recordings/{body['id']}/files", headers=KEY, json={"kind": "mix"}
        )
        assert await problem(answer) == (409, "recording_not_ready")


class TestSearch:
    async def test_a_list_is_searched_by_text_and_time(self, web: Web) -> None:
        _, body = await recorded(web)

        async def ids(query: str) -> list[str]:
            answer = await web.client.get(f"/v1/recordings?{query}", headers=KEY)
            assert answer.status == 200, await answer.text()
            return [item["id"] for item in (await answer.json())["items"]]

        assert await ids("q=nobody") == []
        assert await ids("q=%20") == [body["id"]]
        assert await ids("from=2000-01-01T00:00:00Z") == [body["id"]]
        assert await ids("from=2100-01-01T00:00:00Z") == []
        assert await ids("to=2000-01-01T00:00:00Z") == []
        for odd in ("soon", "0", "2026-11-20T12:00:00"):
            answer = await web.client.get(f"/v1/recordings?from={odd}", headers=KEY)
            assert answer.status == 422, odd

    async def test_the_storage_is_told(self, web: Web) -> None:
        meeting, body = await recorded(web)
        told = await (await web.client.get("/v1/storage", headers=KEY)).json()
        assert told["recordings"] == 1
        assert told["bytes"] == sum(file["bytes"] for file in body["files"])
        assert told["free_bytes"] > 0
        assert told["retention_days"] == 30
        guest = await web.token(meeting["id"], role="host")
        assert (await web.client.get("/v1/storage", headers=guest)).status == 403


class TestNames:
    async def test_a_person_is_called_otherwise_from_now_on(self, web: Web) -> None:
        made, body = await recorded(web)
        path = f"/v1/recordings/{body['id']}"
        answer = await web.client.patch(
            f"{path}/participants/p1", json={"name": "Ada L."}, headers=KEY
        )
        assert [file["name"] for file in (await answer.json())["files"]] == ["Ada L."]
        found = await web.client.get("/v1/recordings", params={"q": "ada l."}, headers=KEY)
        assert len((await found.json())["items"]) == 1
        nobody = await web.client.patch(f"{path}/participants/p2", json={"name": "Bo"}, headers=KEY)
        assert await problem(nobody) == (404, "participant_not_found")
        await web.token(made["id"], user_id="user_01")
        member = await web.client.patch(
            f"{path}/participants/p1", json={"name": "X"}, headers=web.user("user_01")
        )
        assert await problem(member) == (403, "forbidden")

    async def test_not_while_it_runs(self, web: Web) -> None:
        _, body = await started(web)
        answer = await web.client.patch(
            f"/v1/recordings/{body['id']}/participants/p1", json={"name": "X"}, headers=KEY
        )
        assert await problem(answer) == (409, "recording_not_ready")
