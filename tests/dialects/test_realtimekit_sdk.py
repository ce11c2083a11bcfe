"""Every call of the unmodified Python SDK with strict validation, and every header form."""

import inspect
from collections.abc import Iterator
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare
from support.server_process import ServerProcess

WHERE: dict[str, Any] = {"account_id": "acc", "app_id": "app"}
NOBODY = "019a7f3e-5c10-7a2b-9d41-3f0c8e6b1a25"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("sdk") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def kit(server: ServerProcess) -> Iterator[Any]:
    with Cloudflare(
        api_token="rt_dev",
        base_url=server.base_url + "/client/v4/",
        _strict_response_validation=True,
        max_retries=0,
    ) as client:
        yield client.realtime_kit


@pytest.mark.parametrize(
    "credentials",
    [
        {"api_token": "rt_dev"},
        {"api_email": "ada@example.org", "api_key": "rt_dev"},
        {"user_service_key": "rt_dev"},
    ],
    ids=["bearer", "key", "service"],
)
@pytest.mark.parametrize("prefix", ["", "/client/v4"])
def test_each_header_form_is_taken(server: ServerProcess, prefix: str, credentials: dict[str, str]):
    with Cloudflare(base_url=server.base_url + prefix, **credentials) as client:
        assert client.realtime_kit.meetings.create(**WHERE).success


def test_a_wrong_credential_is_refused_with_the_gateways_body(server: ServerProcess):
    with (
        Cloudflare(api_token="wrong", base_url=server.base_url) as client,
        pytest.raises(cloudflare.AuthenticationError) as refused,
    ):
        client.realtime_kit.meetings.get(**WHERE)
    assert refused.value.body["errors"] == [{"code": 10000, "message": "Authentication error"}]


def test_apps_hold_their_own_meetings(kit: Any):
    made = kit.apps.post(account_id="acc", name="Ours").data.app
    listed = kit.apps.get(account_id="acc", search="our")
    assert [one.id for one in listed.data] == [made.id]
    there = {"account_id": "acc", "app_id": made.id}
    meeting = kit.meetings.create(**there, title="Hidden").data.id
    assert [one.id for one in kit.meetings.get(**there).data] == [meeting]
    with pytest.raises(cloudflare.NotFoundError, match=f"No meeting found with id {meeting}"):
        kit.meetings.get_meeting_by_id(meeting, **WHERE)
    with pytest.raises(cloudflare.NotFoundError, match="No app found with id"):
        kit.meetings.get(account_id="another", app_id=made.id)
    names = [one.name for one in kit.presets.get(**there).data]
    assert names == [
        "group_call_host", "group_call_participant", "group_call_guest", "webinar_presenter",
        "webinar_viewer", "livestream_host", "livestream_viewer",
    ]  # fmt: skip


def test_meetings_are_made_found_replaced_and_updated(kit: Any):
    storage = {"type": "aws", "bucket": "b", "access_key": "k", "secret": "s", "region": "r"}
    made = kit.meetings.create(
        **WHERE,
        title="Retro",
        record_on_start=True,
        persist_chat=True,
        session_keep_alive_time_in_secs=120,
        recording_config={"max_seconds": 600, "storage_config": storage},
        ai_config={"summarization": {"word_limit": 200}},
    ).data
    assert (made.title, made.status, made.record_on_start) == ("Retro", "ACTIVE", True)
    assert made.session_keep_alive_time_in_secs == 120
    shown = kit.meetings.get_meeting_by_id(made.id, **WHERE).data
    assert "secret" not in shown.recording_config.storage_config.to_dict()
    listed = kit.meetings.get(**WHERE, search="retr", per_page=1, page_no=0)
    assert [one.id for one in listed.data] == [made.id]
    assert kit.meetings.get(**WHERE, start_time=made.created_at, end_time=made.created_at).data
    changed = kit.meetings.update_meeting_by_id(made.id, **WHERE, title="Retro 2").data
    assert (changed.title, changed.persist_chat) == ("Retro 2", True)
    replaced = kit.meetings.replace_meeting_by_id(made.id, **WHERE, title="New").data
    assert (replaced.title, replaced.persist_chat, replaced.record_on_start) == (
        "New",
        False,
        False,
    )
    assert kit.meetings.get(**WHERE, search="nothing like it").data == []


def test_participants_are_added_edited_and_withdrawn(kit: Any):
    meeting = kit.meetings.create(**WHERE).data.id
    of = {"meeting_id": meeting, **WHERE}
    with pytest.raises(cloudflare.NotFoundError, match="No preset found with id ghost"):
        kit.meetings.add_participant(custom_participant_id="u", preset_name="ghost", **of)
    with pytest.raises(cloudflare.BadRequestError, match='"custom_participant_id" is required'):
        kit.meetings.add_participant(
            custom_participant_id=None, preset_name="group_call_host", **of
        )
    made = kit.meetings.add_participant(
        custom_participant_id="u", preset_name="group_call_host", name="Ada", **of
    ).data
    one = {"participant_id": made.id, **of}
    assert [p.id for p in kit.meetings.get_meeting_participants(**of).data] == [made.id]
    assert kit.meetings.get_meeting_participant(**one).data.name == "Ada"
    edited = kit.meetings.edit_participant(**one, name="Eve").data
    assert (edited.name, edited.preset_name) == ("Eve", "group_call_host")
    assert edited.token
    assert kit.meetings.refresh_participant_token(**one).data.token != made.token
    assert kit.meetings.delete_meeting_participant(**one).data.custom_participant_id == "u"
    with pytest.raises(cloudflare.NotFoundError):
        kit.meetings.get_meeting_participant(**one)


def test_presets_are_whole_however_little_is_given(kit: Any):
    whole = kit.presets.get_preset_by_id(kit.presets.get(**WHERE).data[0].id, **WHERE).data
    made = kit.presets.create(
        **WHERE,
        name="mine",
        config={"view_type": "AUDIO_ROOM"},
        permissions={"can_record": True, "no_such": 1},
        ui={},
    ).data
    assert made.config.view_type == "AUDIO_ROOM"
    assert made.ui.to_dict() == whole.ui.to_dict()
    one = {"preset_id": made.id, **WHERE}
    changed = kit.presets.update(**one, permissions={"kick_participant": True}).data
    assert (changed.permissions.can_record, changed.permissions.kick_participant) == (True, True)
    fresh = kit.presets.replace_preset_by_id(**one, name="new", config={}, permissions={}, ui={})
    assert (fresh.data.name, fresh.data.permissions.can_record) == ("new", False)
    meeting = kit.meetings.create(**WHERE).data.id
    person = kit.meetings.add_participant(
        meeting_id=meeting, custom_participant_id="u", preset_name="new", **WHERE
    ).data
    with pytest.raises(cloudflare.BadRequestError, match="in use"):
        kit.presets.delete(**one)
    kit.meetings.delete_meeting_participant(meeting_id=meeting, participant_id=person.id, **WHERE)
    assert kit.presets.delete(**one).data.id == made.id
    with pytest.raises(cloudflare.NotFoundError):
        kit.presets.get_preset_by_id(**one)


def test_webhooks_are_kept(kit: Any):
    with pytest.raises(cloudflare.BadRequestError, match='BAD_REQUEST: "name" is required'):
        kit.webhooks.create_webhook(**WHERE, name=None, url="http://localhost/", events=[])
    made = kit.webhooks.create_webhook(
        **WHERE, name="w", url="http://localhost:1/", events=["meeting.started"], enabled=False
    ).data
    one = {"webhook_id": made.id, **WHERE}
    assert made.id in [w.id for w in kit.webhooks.get_webhooks(**WHERE).data]
    assert kit.webhooks.get_webhook_by_id(**one).data.enabled is False
    assert kit.webhooks.edit_webhook(**one, name="v").data.events == ["meeting.started"]
    replaced = kit.webhooks.replace_webhook(
        **one, name="u", url="http://localhost:2/", events=["meeting.ended"]
    )
    assert replaced.data.events == ["meeting.ended"]
    assert kit.webhooks.delete_webhook(**one).data.name == "u"
    with pytest.raises(cloudflare.NotFoundError):
        kit.webhooks.get_webhook_by_id(**one)


def test_an_empty_app_has_empty_lists(kit: Any):
    app = kit.apps.post(account_id="acc", name="Empty").data.app.id
    of = {"account_id": "acc", "app_id": app}
    assert kit.sessions.get_sessions(**of).data.sessions == []
    empty = kit.recordings.get_recordings(**of)
    assert (empty.data, empty.paging.total_count, empty.paging.start_offset) == ([], 0, 0)
    assert kit.analytics.get_org_analytics(**of).data.session_stats.sessions_count == 0
    assert kit.livestreams.get_all_livestreams(**of).success
    assert kit.livestreams.get_livestream_analytics_daywise(**of).data == []
    assert kit.livestreams.get_livestream_analytics_complete(**of).data.count == 0


def _missing_calls() -> list[Any]:
    """Every method that names one thing, with an id that nothing has."""
    with Cloudflare(api_token="x") as client:
        resources = [
            getattr(client.realtime_kit, name)
            for name in ("active_session", "sessions", "recordings", "livestreams", "meetings")
        ]
        found = []
        for resource in resources:
            for name, method in inspect.getmembers(resource, inspect.ismethod):
                wanted = inspect.signature(method).parameters
                ids = [p for p in wanted if p.endswith("_id") and p not in WHERE]
                if not name.startswith("_") and ids and "exclude_meetings" not in wanted:
                    found.append(pytest.param(type(resource).__name__, name, id=name))
        return found


@pytest.mark.parametrize(("resource", "name"), _missing_calls())
def test_what_is_not_there_is_a_404(kit: Any, resource: str, name: str):
    owner = next(
        one
        for attribute in ("active_session", "sessions", "recordings", "livestreams", "meetings")
        if type(one := getattr(kit, attribute)).__name__ == resource
    )
    method = getattr(owner, name)
    values: dict[str, Any] = {
        "action": "stop",
        "question": "Lunch?",
        "options": ["yes"],
        "custom_participant_ids": ["u"],
        "participant_ids": [],
        "custom_participant_id": "u",
        "preset_name": "group_call_host",
        "layers": {},
    }
    given = {
        p: NOBODY if p.endswith("_id") else values[p]
        for p in inspect.signature(method).parameters
        if (p.endswith("_id") or p in values) and p not in WHERE
    } | {"custom_participant_id": "u"}
    given = {p: v for p, v in given.items() if p in inspect.signature(method).parameters}
    if "associated_id" in given or name in ("get_recordings", "get_all_livestreams"):
        pytest.skip("a filter, not a thing")
    with pytest.raises(cloudflare.NotFoundError) as missing:
        method(**given, **WHERE)
    error = missing.value.body["error"]
    assert error["code"] == 404
    if resource == "ActiveSessionResource":
        assert error["message"] == f"No active session found for meeting_id {NOBODY}"
