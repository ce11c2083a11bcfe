"""What every object storage does, on each that can be had here: memory, a directory, S3."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from support.s3 import make_bucket, objects_at, s3_server

from server.storage.object_store import open_objects
from server.storage.objects import ObjectStorage, ObjectStorageError

CONTENT = bytes(range(256)) * 4


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(params=["memory", "directory", "s3", "s3 with a prefix"])
async def objects(
    request: pytest.FixtureRequest, tmp_path: Path, endpoint: str
) -> AsyncIterator[ObjectStorage]:
    match request.param:
        case "memory":
            yield open_objects("memory:///", {}, allow_http=False, timeout_seconds=5)
        case "directory":
            root = tmp_path / "objects"
            root.mkdir()
            yield open_objects(f"file://{root}", {}, allow_http=False, timeout_seconds=5)
        case kind:
            await make_bucket(endpoint)
            yield objects_at(endpoint, prefix="/all/of/it" if "prefix" in kind else "")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(CONTENT)
    return path


async def test_what_is_put_can_be_read_in_pieces(objects: ObjectStorage, source: Path):
    await objects.put("one/a.ogg", source)
    facts = await objects.facts("one/a.ogg")
    assert facts is not None
    assert facts.size == len(CONTENT)
    for version in (facts.version, None):
        assert await objects.read("one/a.ogg", 0, len(CONTENT), version) == CONTENT
        assert await objects.read("one/a.ogg", 100, 5, version) == CONTENT[100:105]
        assert await objects.read("one/a.ogg", 1000, 999, version) == CONTENT[1000:]


async def test_a_large_file_comes_in_parts_and_whole(objects: ObjectStorage, tmp_path: Path):
    large = tmp_path / "large"
    content = uuid.uuid4().bytes * (20 << 16)  # three parts
    _ = await asyncio.to_thread(large.write_bytes, content)
    await objects.put("one/large", large)
    facts = await objects.facts("one/large")
    assert facts is not None
    assert facts.size == len(content)
    middle = 8 << 20
    assert await objects.read("one/large", middle - 7, 14, None) == content[middle - 7 : middle + 7]


async def test_putting_again_replaces_and_tells_by_the_version(
    objects: ObjectStorage, source: Path, tmp_path: Path
):
    await objects.put("one/a", source)
    before = await objects.facts("one/a")
    other = tmp_path / "other"
    other.write_bytes(b"something else")
    await objects.put("one/a", other)
    after = await objects.facts("one/a")
    assert before is not None
    assert after is not None
    assert after.version != before.version
    assert await objects.read("one/a", 0, 99, after.version) == b"something else"
    with pytest.raises(ObjectStorageError) as refused:
        _ = await objects.read("one/a", 0, 5, before.version)
    assert refused.value.code == "object_differs"


async def test_what_is_not_there_is_told_so(objects: ObjectStorage):
    assert await objects.facts("one/nothing") is None
    with pytest.raises(FileNotFoundError):
        _ = await objects.read("one/nothing", 0, 1, None)


async def test_a_folder_goes_whole_and_alone(objects: ObjectStorage, source: Path):
    for key in ("one/a", "one/b", "one-more/a", "onemore"):
        await objects.put(key, source)
    for _ in range(2):
        await objects.remove("one")
        left = [await objects.facts(key) is not None for key in ("one/a", "one/b", "one-more/a")]
        assert left == [False, False, True]
    assert await objects.facts("onemore") is not None


async def test_it_can_be_asked_whether_it_is_there(objects: ObjectStorage):
    await objects.check()
