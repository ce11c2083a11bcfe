from server.dialects.realtimekit.routes import PREFIXES

PATH = "/accounts/acc/realtime/kit/apps"


async def test_apps_are_made_and_found(kit):
    status, made, _ = await kit.raw("POST", PREFIXES[0] + PATH, {"name": "Ours"})
    assert status == 201
    app = made["data"]["app"]
    assert set(app) == {"id", "name", "created_at"}
    _, listed, _ = await kit.raw("GET", PATH)
    assert [one["name"] for one in listed["data"]] == ["Ours", "Default app"]
    _, listed, _ = await kit.raw("GET", PATH + "?search=OUR&sort_order=ASC")
    assert [one["id"] for one in listed["data"]] == [app["id"]]
    _, others, _ = await kit.raw("GET", "/accounts/other/realtime/kit/apps")
    assert [one["name"] for one in others["data"]] == ["Default app"]


async def test_an_app_needs_a_name_and_a_known_method(kit):
    assert (await kit.raw("POST", PATH, {}))[0] == 400
    assert (await kit.raw("DELETE", PATH))[0] == 405
    assert (await kit.raw("GET", PATH, headers={}))[0] == 401


async def test_each_app_begins_with_seven_presets(kit):
    _, made, _ = await kit.raw("POST", PATH, {"name": "Ours"})
    presets = await kit.data("GET", "/presets", app=made["data"]["app"]["id"])
    assert len(presets) == 7
