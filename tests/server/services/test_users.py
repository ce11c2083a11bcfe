from server.services import users as module
from server.services.context import App
from signaling.ids import is_id


async def test_a_user_is_made_once_and_renewed(app: App):
    first = await app.users.ensure("user_01", "Ada")
    assert is_id(first.id)
    assert await app.users.ensure("user_01") == first
    renamed = await app.users.ensure("user_01", "Ada L.", "https://a/b.png")
    assert (renamed.id, renamed.name, renamed.avatar) == (first.id, "Ada L.", "https://a/b.png")
    assert await app.users.by_sub("user_01") == renamed


async def test_a_stranger_is_none(app: App):
    assert await app.users.by_sub("user_02") is None


async def test_users_are_found_again_beyond_the_cache(app: App, monkeypatch):
    monkeypatch.setattr(module, "CACHED", 1)
    first = await app.users.ensure("user_01", "Ada")
    _ = await app.users.ensure("user_02", "Bob")
    assert list(app.users._known) == ["user_02"]
    assert await app.users.by_sub("user_01") == first


async def test_changes_are_told_by_sub(app):
    heard: list[str] = []
    app.users.on_change(heard.append)
    await app.users.ensure("user_77", "Ada")
    await app.users.ensure("user_77", "Ada")
    await app.users.ensure("user_77", "Ada L.")
    assert heard == ["user_77", "user_77"]
