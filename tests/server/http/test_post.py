import asyncio

import pytest
from aiohttp import web

from server.http.post import Poster


async def serve(handler) -> tuple[web.AppRunner, str]:
    application = web.Application()
    application.router.add_post("/", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/"


async def test_the_body_goes_out_as_it_is_and_redirects_are_not_followed():
    seen = []

    async def take(request: web.Request) -> web.Response:
        seen.append((await request.read(), request.headers["X-Name"]))
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    runner, url = await serve(take)
    poster = Poster()
    try:
        assert await poster(url, b"{ }", {"X-Name": "value"}) == 307
        assert seen == [(b"{ }", "value")]
    finally:
        await poster.close()
        await runner.cleanup()


async def test_silence_and_bad_addresses_are_errors_of_one_kind():
    stop = asyncio.Event()

    async def silent(_request: web.Request) -> web.Response:
        await stop.wait()
        return web.Response()

    runner, url = await serve(silent)
    poster = Poster(timeout=0.05)
    try:
        for where in (url, "http://127.0.0.1:1/", "nonsense"):
            with pytest.raises(OSError, match=r".+"):
                await poster(where, b"", {})
    finally:
        stop.set()
        await poster.close()
        await runner.cleanup()
