"""The WHIP client against a server that answers as it wants."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server.connectors.browser.whip import Published, WhipClient, WhipError


class Endpoint:
    def __init__(self) -> None:
        self.status = 201
        self.requests: list[tuple[str, str, str]] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.requests.append((request.method, request.headers["Authorization"], body))
        if request.method == "DELETE":
            return web.Response()
        headers = {"Location": "/whip/1"} if self.status == 201 else {}
        return web.Response(status=self.status, text="the answer", headers=headers)


@pytest.fixture
async def endpoint() -> AsyncIterator[tuple[Endpoint, str]]:
    made = Endpoint()
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", made.handle)
    async with TestServer(application) as server:
        yield made, str(server.make_url("/whip"))


async def test_an_offer_is_posted_and_its_resource_deleted(endpoint):
    made, url = endpoint
    client = WhipClient()
    published = await client.publish(url, "token", "the offer")
    assert published == Published(f"{url}/1", "token", "the answer")
    await client.end(published)
    assert made.requests == [
        ("POST", "Bearer token", "the offer"),
        ("DELETE", "Bearer token", ""),
    ]
    await client.close()
    await client.close()


async def test_a_refusal_says_its_status(endpoint):
    made, url = endpoint
    made.status = 422
    client = WhipClient()
    with pytest.raises(WhipError, match="HTTP 422: the answer"):
        _ = await client.publish(url, "token", "offer")
    await client.close()


async def test_a_server_that_is_not_there_is_an_error_and_its_resource_is_gone():
    client = WhipClient()
    with pytest.raises(WhipError, match="Connect"):
        _ = await client.publish("http://127.0.0.1:1/whip", "token", "offer")
    await client.end(Published("http://127.0.0.1:1/whip/1", "token", ""))
    await client.close()
