from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

from server.http.call import Call
from server.http.openapi import document
from server.http.registry import Content, Credential, Header, Registry


class Colour(StrEnum):
    """Of a thing."""

    RED = "red"


class Thing(BaseModel):
    """A thing."""

    name: str


class ThingQuery(BaseModel):
    """Which things."""

    colour: Colour | None = Field(default=None, description="Only those.")
    limit: int = Field(default=5, ge=1, description="How many.")
    mode: Literal["a", "b"] = "a"


routes = Registry()


@routes.route("GET", "/things", tag="Things", answer=Thing, headers=(Header("X-A", "A.", "1"),))
async def list_things(call: Call, query: ThingQuery) -> Thing:
    """List things."""


@routes.route("POST", "/things", tag="Things", status=201, answer=Thing, problems={409: ("taken",)})
async def make_thing(call: Call, body: Thing) -> Thing:
    """Make a thing."""


@routes.route(
    "GET",
    "/things/{thing_id}/bytes",
    tag="Bytes",
    credential=Credential.NOT_READ,
    contents={200: Content("Bytes.", "audio/ogg", {"type": "string"}, ("ETag",))},
)
async def get_bytes(call: Call, thing_id: str) -> None:
    """Get bytes."""


@routes.route("POST", "/sdp", tag="Bytes", credential=Credential.OPTIONAL, takes="application/sdp")
async def offer(call: Call) -> None:
    """Offer."""


DOCUMENT = document(routes.routes, version="1.2.3")
PATHS = DOCUMENT["paths"]


def test_query_parameters_are_written_out() -> None:
    found = {one["name"]: one for one in PATHS["/things"]["get"]["parameters"]}
    assert (
        found["colour"]["schema"] == {"type": "string", "enum": ["red"]}
        or found["colour"]["schema"]["const"] == "red"
    )
    assert found["limit"]["schema"] == {"type": "integer", "minimum": 1, "default": 5}
    assert found["limit"]["description"] == "How many."
    assert found["mode"]["schema"]["enum"] == ["a", "b"]
    assert (found["X-A"]["in"], found["X-A"]["required"]) == ("header", False)


def test_bodies_and_answers_refer_to_components() -> None:
    operation = PATHS["/things"]["post"]
    reference = {"$ref": "#/components/schemas/Thing"}
    assert operation["requestBody"]["content"]["application/json"]["schema"] == reference
    assert operation["responses"]["201"]["content"]["application/json"]["schema"] == reference
    assert "Thing" in DOCUMENT["components"]["schemas"]


def test_refusals_follow_from_what_a_route_reads() -> None:
    responses = PATHS["/things"]["post"]["responses"]
    assert {"400", "401", "403", "409", "413", "415", "422", "429", "500", "503"} <= set(responses)
    assert "`taken`" in responses["409"]["description"]
    assert "404" in PATHS["/things/{thing_id}/bytes"]["get"]["responses"]
    assert "401" not in PATHS["/things/{thing_id}/bytes"]["get"]["responses"]


def test_other_contents_are_described() -> None:
    answer = PATHS["/things/{thing_id}/bytes"]["get"]["responses"]["200"]
    assert list(answer["content"]) == ["audio/ogg"]
    assert list(answer["headers"]) == ["ETag"]
    assert list(PATHS["/sdp"]["post"]["requestBody"]["content"]) == ["application/sdp"]


def test_security_tells_who_may_stay_anonymous() -> None:
    assert PATHS["/things/{thing_id}/bytes"]["get"]["security"] == []
    assert PATHS["/sdp"]["post"]["security"][0] == {}
    assert {} not in PATHS["/things"]["get"]["security"]


def test_tags_come_in_the_order_of_the_routes() -> None:
    assert DOCUMENT["tags"] == [{"name": "Things"}, {"name": "Bytes"}]
    assert (DOCUMENT["openapi"], DOCUMENT["info"]["version"]) == ("3.1.0", "1.2.3")
