import pytest
from pydantic import BaseModel

from server.http.call import Call
from server.http.registry import Credential, Registry


class Thing(BaseModel):
    """A thing."""

    name: str


def declared(handler, path: str = "/v1/things/{thing}", **more) -> Registry:
    routes = Registry()
    routes.route("GET", path, tag="Things", **more)(handler)
    return routes


def test_declaration_reads_models_and_words_from_the_handler() -> None:
    async def get_thing(call: Call, thing: str, query: Thing, body: Thing) -> Thing:
        """Get a thing.

        It is a good thing.
        """

    route = declared(get_thing, answer=Thing).routes[0]
    assert (route.query, route.body, route.parameters) == (Thing, Thing, ["thing"])
    assert (route.summary, route.description) == ("Get a thing", "It is a good thing.")
    assert (route.operation, route.credential) == ("get_thing", Credential.REQUIRED)


def test_handler_must_fit_its_path() -> None:
    async def get_thing(call: Call) -> Thing:
        """Get a thing."""

    with pytest.raises(TypeError, match="takes"):
        declared(get_thing)


def test_handler_must_be_documented() -> None:
    async def get_thing(call: Call, thing: str) -> Thing: ...

    with pytest.raises(TypeError, match="docstring"):
        declared(get_thing)


def test_documented_head_has_an_id_of_its_own() -> None:
    async def get_thing(call: Call, thing: str) -> Thing:
        """Get a thing."""

    routes = declared(get_thing)
    routes.route("HEAD", "/v1/things/{thing}", tag="Things")(get_thing)
    assert [route.operation for route in routes.routes] == ["get_thing", "head_get_thing"]


def test_registries_join() -> None:
    async def get_thing(call: Call, thing: str) -> Thing:
        """Get a thing."""

    routes = Registry()
    routes.include(declared(get_thing))
    assert len(routes.routes) == 1
