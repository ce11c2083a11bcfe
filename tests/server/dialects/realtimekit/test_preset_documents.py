from server.dialects.realtimekit.preset_documents import DEFAULT, STANDARD, complete


def test_the_default_is_complete_and_not_touched():
    made = complete({"permissions": {"chat": {"public": {"text": False}}}})
    assert made["permissions"]["chat"]["public"] == {
        "can_send": True,
        "files": True,
        "text": False,
    }
    assert complete({}) == DEFAULT


def test_unknown_keys_and_wrong_kinds_are_dropped():
    made = complete(
        {
            "config": {"nothing": 1, "max_screenshare_count": "2", "view_type": 3},
            "permissions": {"can_record": 1, "plugins": "all"},
            "ui": None,
        }
    )
    assert made == DEFAULT


def test_optional_members_and_plugins_are_kept():
    plugins = {"some-uuid": {"access_control": "FULL_ACCESS"}}
    made = complete(
        {
            "config": {"livestream_viewer_qualities": [720]},
            "permissions": {"stage_enabled": True, "plugins": {"config": plugins}},
            "ui": {"design_tokens": {"logo": "https://x/y.png", "spacing_base": 4.5}},
        }
    )
    assert made["config"]["livestream_viewer_qualities"] == [720]
    assert made["permissions"]["stage_enabled"] is True
    assert made["permissions"]["plugins"]["config"] == plugins
    assert made["ui"]["design_tokens"]["logo"] == "https://x/y.png"
    assert made["ui"]["design_tokens"]["spacing_base"] == 4.5


def test_seven_standard_presets_with_their_views():
    views = {name: document["config"]["view_type"] for name, document in STANDARD.items()}
    assert list(views.values()) == ["GROUP_CALL"] * 3 + ["WEBINAR"] * 2 + ["LIVESTREAM"] * 2
    guest = STANDARD["group_call_guest"]["permissions"]
    assert guest["media"]["screenshare"] == {"can_produce": "NOT_ALLOWED"}
    assert guest["media"]["audio"] == {"can_produce": "ALLOWED"}
    assert guest["waiting_room_type"] == "SKIP_ON_ACCEPT"
