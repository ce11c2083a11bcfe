"""How what obstore says becomes ours; what stores do is in tests/contracts."""

import pytest
from aiohttp import web
from support.s3 import BUCKET, OPTIONS, Way, objects_at

from server.storage.object_store import open_objects
from server.storage.objects import ObjectStorageError


@pytest.mark.parametrize("url", ["s3://", "what://x", "file:relative"])
def test_an_address_that_means_nothing_is_refused(url: str):
    with pytest.raises(ValueError, match=r"."):
        open_objects(url, {}, allow_http=False, timeout_seconds=1)


def test_an_option_that_means_nothing_is_refused():
    with pytest.raises(ValueError, match="nonsense"):
        open_objects("s3://b", {"nonsense": "1"}, allow_http=False, timeout_seconds=1)


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "object_storage_denied"), (401, "object_storage_denied"), (400, None), (500, None)],
)
async def test_refusals_have_a_code_and_no_body(status: int, code: str | None):
    async with Way("http://127.0.0.1:9").open() as way:
        way.faults += [lambda *_: web.Response(status=status, text="secret words")] * 3
        with pytest.raises(ObjectStorageError) as refused:
            _ = await objects_at(way.endpoint).facts("a/b")
    assert refused.value.code == (code or "object_storage_unavailable")
    assert "\n" not in str(refused.value)


async def test_nobody_there_is_unavailable():
    with pytest.raises(ObjectStorageError) as refused:
        _ = await objects_at("http://127.0.0.1:9").facts("a/b")
    assert refused.value.code == "object_storage_unavailable"
    assert OPTIONS["secret_access_key"] not in str(refused.value).replace(BUCKET, "")
