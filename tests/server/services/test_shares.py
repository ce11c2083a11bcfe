from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from support.domain import meeting, recording, session

from server.services.context import App
from server.services.shares import SIGNED_SECONDS, MediaRequest
from signaling.errors import Refused
from signaling.ids import new_id

WHO = MediaRequest("192.0.2.1", "bytes=0-1")


@pytest.fixture
async def recording_id(app: App) -> str:
    view = recording(session(meeting()))
    await app.storage.save_recording(view)
    return view.id


async def made(app: App, recording_id: str, seconds: int = 86_400):
    return await app.shares.create(recording_id, "ada", seconds=seconds, allow_download=True)


async def code_of(awaitable) -> str:
    with pytest.raises(Refused) as refused:
        await awaitable
    return refused.value.code


def admitted(app: App, url: str, **changed: object):
    """Ask for a signed address, perhaps with a part of it changed."""
    parts = urlsplit(url)
    _, _, _, share_id, file_id = parts.path.split("/")
    query = parse_qs(parts.query)
    asked = {
        "share_id": share_id,
        "file_id": file_id,
        "expires": int(query["exp"][0]),
        "signature": query["sig"][0],
        **changed,
    }
    return app.shares.admit(
        asked["share_id"],
        asked["file_id"],
        expires=asked["expires"],
        signature=asked["signature"],
        request=WHO,
    )


async def test_a_link_opens_its_recording_and_is_logged(app: App, recording_id: str):
    share, token = await made(app, recording_id)
    assert token not in repr(share)
    opened, view = await app.shares.open(token, "192.0.2.1")
    assert (opened.id, view.id) == (share.id, recording_id)
    (use,) = (await app.shares.accesses(share.id)).items
    assert (use.address, use.file_id) == ("192.0.2.1", None)


async def test_a_link_ends_with_its_time(app: App, recording_id: str):
    _, token = await made(app, recording_id, seconds=60)
    app.clock.advance(59)
    _ = await app.shares.open(token, None)
    app.clock.advance(1)
    assert await code_of(app.shares.open(token, None)) == "share_gone"


async def test_a_revoked_link_and_its_addresses_end_at_once(app: App, recording_id: str):
    share, token = await made(app, recording_id)
    url = app.shares.sign(share, new_id())
    assert (await admitted(app, url)).id == share.id
    await app.shares.revoke(recording_id, share.id)
    await app.shares.revoke(recording_id, share.id)
    assert await code_of(app.shares.open(token, None)) == "share_gone"
    assert await code_of(admitted(app, url)) == "share_gone"
    (kept,) = await app.shares.of(recording_id)
    assert kept.revoked_at == app.clock.utc()


async def test_signed_addresses_end_after_an_hour_or_with_the_link(app: App, recording_id: str):
    share, _ = await made(app, recording_id)
    url = app.shares.sign(share, new_id())
    app.clock.advance(SIGNED_SECONDS - 1)
    _ = await admitted(app, url)
    app.clock.advance(1)
    assert await code_of(admitted(app, url)) == "signature_expired"
    short, _ = await made(app, recording_id, seconds=60)
    (expires,) = parse_qs(urlsplit(app.shares.sign(short, new_id())).query)["exp"]
    assert int(expires) == int((app.clock.utc() + timedelta(seconds=60)).timestamp())


async def test_nothing_of_an_address_can_be_changed(app: App, recording_id: str):
    share, _ = await made(app, recording_id)
    other, _ = await made(app, recording_id)
    url = app.shares.sign(share, new_id())
    expires = int(parse_qs(urlsplit(url).query)["exp"][0])
    for changed in (
        {"share_id": other.id},
        {"file_id": new_id()},
        {"expires": expires + 1},
        {"signature": "0" * 64},
        {"signature": ""},
    ):
        assert await code_of(admitted(app, url, **changed)) == "signature_invalid"
    assert (await app.shares.accesses(share.id)).items == ()


async def test_every_request_for_a_file_is_logged(app: App, recording_id: str):
    share, _ = await made(app, recording_id)
    file_id = new_id()
    _ = await admitted(app, app.shares.sign(share, file_id))
    (use,) = (await app.shares.accesses(share.id)).items
    assert (use.address, use.file_id, use.bytes_range) == ("192.0.2.1", file_id, "bytes=0-1")


async def test_unknown_links_are_not_found(app: App, recording_id: str):
    share, _ = await made(app, recording_id)
    assert await code_of(app.shares.open("x", None)) == "share_not_found"
    assert await code_of(app.shares.find(new_id(), share.id)) == "share_not_found"
    assert await code_of(app.shares.revoke(recording_id, "x")) == "share_not_found"
    assert await code_of(made(app, new_id())) == "recording_not_found"


async def test_links_go_with_their_recording(app: App, recording_id: str):
    share, token = await made(app, recording_id)
    _ = await app.shares.open(token, None)
    await app.recordings.delete(recording_id, "host")
    assert await app.shares.of(recording_id) == []
    assert (await app.shares.accesses(share.id)).items == ()
    assert await code_of(app.shares.open(token, None)) == "share_not_found"


async def test_uses_come_in_pages_newest_first(app: App, recording_id: str):
    share, token = await made(app, recording_id)
    for number in range(3):
        _ = await app.shares.open(token, f"192.0.2.{number}")
    first = await app.shares.accesses(share.id, None, 2)
    rest = await app.shares.accesses(share.id, first.next_cursor, 2)
    found = [use.address for use in (*first.items, *rest.items)]
    assert found == ["192.0.2.2", "192.0.2.1", "192.0.2.0"]
    assert rest.next_cursor is None
