"""The OpenAPI document: valid, complete, and true about real answers."""

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from server.dialects.convex.functions import FUNCTIONS
from server.dialects.convex.openapi import document

RUN = "/api/run/meetings/webrtc/index/getActiveSessions"


def test_it_is_a_valid_document_with_every_function():
    made = document("1.0")
    validate(made)
    for name in FUNCTIONS:
        assert f"/api/run/{name.module}/{name.function}" in made["paths"]
    ids = [one["post"]["operationId"] for one in made["paths"].values()]
    assert len(ids) == len(set(ids))


async def test_real_answers_are_as_it_says(convex, world):
    response = await convex.http.get("/api/convex/openapi.json")
    made = await response.json()
    answers = made["paths"][RUN]["post"]["responses"]
    meeting = await world.meeting()
    world.join(meeting, "Ada")
    for body, token, status in (
        ({"args": {"meetingId": meeting.id}}, "rt_dev", 200),
        ({"args": {}}, "rt_dev", 200),
        ({"args": {"meetingId": meeting.id}}, None, 200),
        ({}, "rt_dev", 400),
        ({"args": {}}, "hello", 401),
    ):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        response = await convex.http.post(RUN, json=body, headers=headers)
        assert response.status == status
        schema = answers[str(status)]["content"]["application/json"]["schema"]
        checker = Draft202012Validator({**schema, "components": made["components"]})
        checker.validate(await response.json())


async def test_the_typed_client_is_served_beside_it(convex):
    response = await convex.http.get("/api/convex/api.ts")
    assert response.content_type == "text/plain"
    assert "makeFunctionReference" in await response.text()
