import zlib
from io import BytesIO

import pytest
from support.webserver import KEY, Web

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"{'a': 1}", 400, "malformed_json"),
        (b'{"title": "\xff"}', 400, "malformed_json"),
        (b'{"title": "\\ud800"}', 400, "malformed_json"),
        (b"[" * 5000, 400, "malformed_json"),
        (b"[]", 422, "invalid_request"),
        (b"null", 422, "invalid_request"),
        (b'"text"', 422, "invalid_request"),
        (b'{"title": []}', 422, "invalid_request"),
    ],
)
async def test_bad_bodies_are_refused(web: Web, raw: bytes, status: int, code: str) -> None:
    answer = await web.client.post("/v1/meetings", data=raw, headers={**KEY, **JSON})
    assert (answer.status, (await answer.json())["code"]) == (status, code)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png"])
async def test_only_json_is_taken(web: Web, kind: str) -> None:
    answer = await web.client.post(
        "/v1/meetings", data=b"{}", headers={**KEY, "Content-Type": kind}
    )
    assert (answer.status, (await answer.json())["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.x+json"])
async def test_json_by_any_of_its_names_is_taken(web: Web, kind: str) -> None:
    answer = await web.client.post(
        "/v1/meetings", data=b"{}", headers={**KEY, "Content-Type": kind}
    )
    assert answer.status == 201


async def test_body_that_says_it_is_too_large_is_refused(web: Web) -> None:
    answer = await web.client.post(
        "/v1/meetings", data=BytesIO(b" " * 1_048_577), headers={**KEY, **JSON}
    )
    assert (answer.status, (await answer.json())["code"]) == (413, "body_too_large")


async def test_body_that_grows_too_large_is_refused(web: Web) -> None:
    async def chunks():
        for _ in range(17):
            yield b" " * 65_536

    answer = await web.client.post("/v1/meetings", data=chunks(), headers={**KEY, **JSON})
    assert (answer.status, (await answer.json())["code"]) == (413, "body_too_large")


async def test_body_of_exactly_the_limit_is_taken(web: Web) -> None:
    raw = b"{}" + b" " * (1_048_576 - 2)
    answer = await web.client.post("/v1/meetings", data=raw, headers={**KEY, **JSON})
    assert answer.status == 201


async def test_body_that_unpacks_to_too_much_is_refused(web: Web) -> None:
    bomb = zlib.compress(b" " * 50_000_000)
    answer = await web.client.post(
        "/v1/meetings", data=bomb, headers={**KEY, **JSON, "Content-Encoding": "deflate"}
    )
    assert answer.status == 413


async def test_whole_number_may_have_a_fraction_of_zero(web: Web) -> None:
    raw = b'{"max_participants": 7.0}'
    answer = await web.client.post("/v1/meetings", data=raw, headers={**KEY, **JSON})
    assert (await answer.json())["max_participants"] == 7


async def test_unknown_query_parameters_are_ignored(web: Web) -> None:
    assert (await web.client.get("/v1/meetings?colour=red", headers=KEY)).status == 200
