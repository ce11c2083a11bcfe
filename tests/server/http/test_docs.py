import asyncio
import re

import pytest
from support.webserver import Web

from server.api.document import native_document


async def test_document_is_served_as_it_is_kept(web: Web) -> None:
    answer = await web.client.get("/openapi.json")
    assert answer.content_type == "application/json"
    assert await answer.json() == await asyncio.to_thread(native_document)


async def test_page_needs_nothing_from_elsewhere(web: Web) -> None:
    page = await (await web.client.get("/docs")).text()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert {"/docs/docs.js", "/docs/docs.css"} <= set(sources)
    assert all(source.startswith(("/", "data:")) for source in sources)
    assert "style=" not in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("path", "kind"), [("/docs/docs.js", "text/javascript"), ("/docs/docs.css", "text/css")]
)
async def test_its_parts_are_there(web: Web, path: str, kind: str) -> None:
    answer = await web.client.get(path)
    assert (answer.status, answer.content_type) == (200, kind)
    assert await answer.text()


async def test_head_is_answered(web: Web) -> None:
    answer = await web.client.head("/openapi.json")
    assert (answer.status, await answer.read()) == (200, b"")
