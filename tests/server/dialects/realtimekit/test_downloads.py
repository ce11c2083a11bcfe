from datetime import timedelta

from support.domain import NOW

from server.dialects.realtimekit.links import Links


async def test_links_of_others_and_expired_ones_open_nothing(kit):
    status, answer, headers = await kit.raw("GET", "/downloads/chat/x/chat.csv", headers={})
    assert (status, answer["success"]) == (403, False)
    assert headers["Access-Control-Allow-Origin"] == "*"
    app = kit.web.app
    links = Links(app.signer.derive("download links"), app.clock)
    until = app.clock.utc() + timedelta(seconds=5)
    path = links.path("chat", "nothing", "chat.csv", until)
    status, text, headers = await kit.raw("GET", path, headers={})
    assert (status, headers["Content-Type"].startswith("text/csv")) == (200, True)
    assert text.startswith(b"id,participantId")
    kit.web.clock.advance(6)
    assert (await kit.raw("GET", path, headers={}))[0] == 403


async def test_a_link_to_what_is_gone_is_a_404(kit):
    app = kit.web.app
    links = Links(app.signer.derive("download links"), app.clock)
    path = links.path("recording", "nothing", "a.ogg", NOW + timedelta(days=1))
    assert (await kit.raw("GET", path, headers={}))[0] == 404
