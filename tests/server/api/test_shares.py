import asyncio
import dataclasses
import hashlib
from datetime import datetime, timedelta

import pytest
from support.domain import recording, recording_file, session
from support.webserver import KEY, Web

SOUND = b"OggS" + bytes(range(96))


async def problem(answer) -> tuple[int, str]:
    return answer.status, (await answer.json())["code"]


@pytest.fixture
async def path(web: Web) -> str:
    """A finished recording with one file of a hundred bytes."""
    made = await web.meeting(title="Tea <b>")
    found = await web.app.meetings.get(made["id"])
    view = recording(session(found))
    digest = hashlib.sha256(SOUND).hexdigest()
    file = recording_file(view.id, bytes=len(SOUND), sha256=digest, name="Ada & Bo")
    await web.app.storage.save_recording(dataclasses.replace(view, files=(file,)))
    folder = await asyncio.to_thread(web.app.recordings._files.make, view.id)
    _ = await asyncio.to_thread((folder / file.file_name).write_bytes, SOUND)
    return f"/v1/recordings/{view.id}"


async def shared(web: Web, path: str, **members: object) -> dict:
    answer = await web.client.post(f"{path}/shares", headers=KEY, json=members)
    assert answer.status == 201, await answer.text()
    return await answer.json()


def token_of(share: dict) -> str:
    return share["url"].rpartition("/s/")[2]


async def test_a_link_opens_the_recording_without_a_credential(web: Web, path: str):
    share = await shared(web, path)
    answer = await web.client.get(f"/v1/shares/{token_of(share)}")
    body = await answer.json()
    assert (body["title"], body["allow_download"]) == ("Tea <b>", True)
    file, peaks = body["files"]
    assert (file["kind"], peaks["kind"]) == ("audio", "peaks")
    whole = await web.client.get(file["url"])
    assert (whole.status, await whole.read()) == (200, SOUND)
    assert whole.headers["Cache-Control"] == "no-store, no-transform"
    part = await web.client.get(file["url"], headers={"Range": "bytes=0-3"})
    assert (part.status, await part.read()) == (206, b"OggS")
    kept = await web.client.get(file["url"] + "&download=1")
    assert kept.headers["Content-Disposition"].startswith("attachment")


async def test_the_page_tells_nobody_where_it_is(web: Web, path: str):
    answer = await web.client.get("/s/" + token_of(await shared(web, path)))
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.content_type == "text/html"
    opened = await web.client.get(f"/v1/shares/{token_of(await shared(web, path))}")
    assert opened.headers["Cache-Control"] == "no-store"


async def test_a_link_leads_to_the_transcript_too(web: Web, path: str):
    share = await shared(web, path)
    answer = await web.client.get(f"/v1/shares/{token_of(share)}/transcript")
    assert (answer.status, (await answer.json())["segments"]) == (200, [])
    text = await web.client.get(f"/v1/shares/{token_of(share)}/transcript?format=vtt")
    assert (await text.text()).startswith("WEBVTT")
    body = await (await web.client.get(f"{path}/shares/{share['id']}/accesses", headers=KEY)).json()
    assert [use["file_id"] for use in body["items"]] == ["transcript", "transcript"]


async def test_a_link_has_the_waves_made(web: Web, path: str):
    _ = await shared(web, path)
    body = await (await web.client.get(path, headers=KEY)).json()
    assert [one["kind"] for one in body["files"]] == ["audio", "peaks"]


async def test_a_link_may_forbid_downloads(web: Web, path: str):
    share = await shared(web, path, allow_download=False)
    body = await (await web.client.get(f"/v1/shares/{token_of(share)}")).json()
    inline = await web.client.get(body["files"][0]["url"] + "&download=1")
    assert inline.headers["Content-Disposition"].startswith("inline")


async def test_revoked_and_unknown_links_lead_nowhere(web: Web, path: str):
    share = await shared(web, path)
    body = await (await web.client.get(f"/v1/shares/{token_of(share)}")).json()
    revoked = await web.client.delete(f"{path}/shares/{share['id']}", headers=KEY)
    assert revoked.status == 204
    for gone in (f"/v1/shares/{token_of(share)}", body["files"][0]["url"]):
        answer = await web.client.get(gone)
        assert (answer.status, (await answer.json())["why"]) == (410, "revoked")
    assert await problem(await web.client.get("/v1/shares/unknown")) == (404, "share_not_found")
    tampered = body["files"][0]["url"].replace("sig=", "sig=0")
    assert (await web.client.get(tampered)).status in (403, 422)


async def test_links_are_listed_and_their_uses_logged(web: Web, path: str):
    share = await shared(web, path, label=" for Bo ")
    assert (share["label"], share["opened"], share["last_used_at"]) == ("for Bo", 0, None)
    opened = await web.client.get(f"/v1/shares/{token_of(share)}")
    _ = await web.client.get((await opened.json())["files"][0]["url"])
    listed = await (await web.client.get(f"{path}/shares", headers=KEY)).json()
    (one,) = listed["items"]
    assert (one["id"], one["url"], one["label"]) == (share["id"], None, "for Bo")
    assert (one["opened"], one["last_used_at"] is None) == (1, False)
    uses = f"{path}/shares/{share['id']}/accesses"
    body = await (await web.client.get(uses, headers=KEY)).json()
    assert [use["file_id"] is None for use in body["items"]] == [False, True]


async def test_links_are_for_those_who_may_moderate(web: Web, path: str):
    share = await shared(web, path)
    for method, tail in (
        ("POST", "/shares"),
        ("GET", "/shares"),
        ("DELETE", f"/shares/{share['id']}"),
        ("GET", f"/shares/{share['id']}/accesses"),
    ):
        url = path + tail
        assert (await web.client.request(method, url)).status == 401
        foreign = await web.client.request(method, url, headers=web.user("user_02"))
        assert foreign.status == 404


async def test_the_log_never_holds_a_token(web: Web, path: str, monkeypatch):
    lines: list[dict] = []
    monkeypatch.setattr("server.http.middleware._log.debug", lambda *_, **more: lines.append(more))
    token = token_of(await shared(web, path))
    _ = await web.client.get("/s/" + token)
    assert any(line["path"] == "/s/{token}" for line in lines)
    assert token not in repr(lines)


async def test_a_page_that_renews_its_addresses_is_opened_once(web: Web, path: str):
    share = await shared(web, path)
    for again in ("", "?again=1", "?again=1"):
        assert (await web.client.get(f"/v1/shares/{token_of(share)}{again}")).status == 200
    listed = await (await web.client.get(f"{path}/shares", headers=KEY)).json()
    assert listed["items"][0]["opened"] == 1
    uses = f"{path}/shares/{share['id']}/accesses"
    first = await (await web.client.get(f"{uses}?limit=2", headers=KEY)).json()
    rest = await web.client.get(f"{uses}?limit=2&cursor={first['next_cursor']}", headers=KEY)
    assert [use["file_id"] for use in first["items"]] == ["again", "again"]
    assert [use["file_id"] for use in (await rest.json())["items"]] == [None]


async def test_a_link_may_ask_for_people_who_are_signed_in(web: Web, path: str):
    share = await shared(web, path, signed_in=True)
    assert share["signed_in"]
    bad = {"Authorization": "Bearer not good"}
    for tail in ("", "/transcript"):
        url = f"/v1/shares/{token_of(share)}{tail}"
        assert await problem(await web.client.get(url)) == (401, "sign_in_required")
        assert (await web.client.get(url, headers=bad)).status == 401
        assert (await web.client.get(url, headers=web.user("anybody"))).status == 200
    anybody = await shared(web, path)
    answer = await web.client.get(f"/v1/shares/{token_of(anybody)}", headers=bad)
    assert answer.status == 200  # a link for anybody reads no credential


async def test_a_link_may_end_at_a_date(web: Web, path: str):
    end = (web.clock.utc() + timedelta(days=3)).replace(microsecond=0)
    share = await shared(web, path, expires_at=end.isoformat())
    assert datetime.fromisoformat(share["expires_at"]) - end < timedelta(seconds=1)
    for days in (-1, 400):
        when = (web.clock.utc() + timedelta(days=days)).isoformat()
        answer = await web.client.post(f"{path}/shares", headers=KEY, json={"expires_at": when})
        assert await problem(answer) == (422, "invalid_expiry")
