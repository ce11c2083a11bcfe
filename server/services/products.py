"""What is made of recordings on request: mixes, stems, peaks; by worker processes, resumable.

The list of a recording's products lies beside its files, so that it moves and goes with them; what
was not finished when the server ended is taken up again at the next start.
"""

import asyncio
import contextlib
import dataclasses
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from media.clock import Clock
from media.errors import RecordingError
from media.recording.files import RecordingDirectory
from media.tasks import OnError, TaskScope
from server.services.archive import PRODUCTS
from server.services.recordings_outcome import no_file
from server.services.uploads import Uploads
from server.services.views import StoredFile
from server.services.workers import Workers
from signaling.errors import RefusalKind, Refused
from signaling.ids import new_id

logger = structlog.get_logger(__name__)


class ProductKind(StrEnum):
    """What can be made."""

    MIX = "mix"
    STEMS = "stems"
    PEAKS = "peaks"


class ProductState(StrEnum):
    """How far it is."""

    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


FORMATS: Mapping[ProductKind, tuple[str, ...]] = {
    ProductKind.MIX: ("ogg", "m4a", "wav", "flac"),
    ProductKind.STEMS: ("zip", "wav"),
    ProductKind.PEAKS: ("json",),
}
"""The first one is made when none is named."""
CONTENT_TYPES: Mapping[str, str] = {
    "ogg": "audio/ogg; codecs=opus",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "zip": "application/zip",
    "json": "application/json",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Product:
    """One file made of a recording.

    Attributes:
        progress: Share done, 0 to 1.
        failure: Stable code when it failed.
        bytes: 0 until it is ready, as `sha256` is empty.
    """

    id: str
    recording_id: str
    kind: ProductKind
    format: str
    state: ProductState
    created_at: datetime
    progress: float = 0.0
    failure: str | None = None
    bytes: int = 0
    sha256: str = ""
    duration_seconds: float = 0.0

    @property
    def file_name(self) -> str:
        """In the recording's directory."""
        return f"{self.kind.value}.{self.format}"


_LIST: TypeAdapter[list[Product]] = TypeAdapter(list[Product])
_READY: TypeAdapter[Product] = TypeAdapter(Product)


class Products:
    """Makes products one at a time.

    Args:
        uploads: Knows where the files of recordings are, and brings them here and there.
        clock: The process's clock.
        on_error: Told when a background step fails.
    """

    def __init__(self, uploads: Uploads, clock: Clock, on_error: OnError) -> None:
        self._uploads = uploads
        self._files = uploads.archive.files
        self._clock = clock
        self._scope = TaskScope(on_error)
        self._workers = Workers()
        self._progress: dict[str, float] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._writing = asyncio.Lock()

    async def ask(self, recording_id: str, kind: ProductKind, form: str | None) -> Product:
        """Have a product of a finished recording made; the one that exists is told again.

        A failed one is tried once more.

        Raises:
            Refused: `format_unsupported`.
        """
        form = form or FORMATS[kind][0]
        if form not in FORMATS[kind]:
            raise Refused(
                RefusalKind.INVALID,
                "format_unsupported",
                f"There is no {kind.value} as {form}; there is {', '.join(FORMATS[kind])}.",
            )
        async with self._writing:
            known = await asyncio.to_thread(self._read, recording_id)
            for one in known:
                if (one.kind, one.format) == (kind, form) and one.state is not ProductState.FAILED:
                    return self._current(one)
            product = Product(
                new_id(), recording_id, kind, form, ProductState.QUEUED, self._clock.utc()
            )
            kept = [one for one in known if one.file_name != product.file_name]
            await asyncio.to_thread(self._write, recording_id, [*kept, product])
        self._begin(product)
        return product

    async def of(self, recording_ids: Iterable[str]) -> dict[str, tuple[Product, ...]]:
        """The products of some recordings."""
        wanted = list(recording_ids)
        lists = await asyncio.to_thread(lambda: [self._read(one) for one in wanted])
        return {
            recording_id: tuple(self._current(product) for product in products)
            for recording_id, products in zip(wanted, lists, strict=True)
        }

    async def file(self, recording_id: str, file_id: str) -> StoredFile:
        """A finished product, ready to be served.

        Raises:
            Refused: `file_not_found`, `file_not_ready` (with `state` and `progress`),
                `object_storage_unavailable`.
        """
        for product in (await self.of([recording_id]))[recording_id]:
            if product.id != file_id:
                continue
            if product.state is not ProductState.READY:
                raise Refused(
                    RefusalKind.CONFLICT,
                    "file_not_ready",
                    "This file is not made yet.",
                    {"state": product.state.value, "progress": f"{product.progress:.3f}"},
                )
            return await asyncio.to_thread(
                self._uploads.archive.describe,
                recording_id,
                product.file_name,
                CONTENT_TYPES[product.format],
                f'"{product.sha256}"',
            )
        raise no_file()

    async def resume(self) -> None:
        """Take up what the last process did not finish."""
        for product in await asyncio.to_thread(self._unfinished):
            self._begin(product)

    async def close(self) -> None:
        """End what runs; the next start takes it up again."""
        await self._workers.close()
        await self._scope.close()

    def _begin(self, product: Product) -> None:
        self._progress[product.id] = 0.0
        task = self._scope.spawn(self._make(product), name="make recording product")
        self._tasks[product.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(product.id, None))

    async def settled(self, product_id: str) -> None:
        """Wait until a product is ready or failed; at once when nothing is being made."""
        task = self._tasks.get(product_id)
        if task is not None:
            _ = await asyncio.wait({task})

    async def _make(self, product: Product) -> None:
        def tell(share: float) -> None:
            self._progress[product.id] = share

        request: dict[str, object] = {
            "task": "product",
            "directory": str(self._files.path(product.recording_id)),
            "kind": product.kind.value,
            "format": product.format,
            "target": product.file_name,
        }
        try:
            async with self._uploads.at_hand(product.recording_id):
                result = await self._workers.run(request, tell)
            ready: dict[str, object] = {"state": "ready", "progress": 1.0}
            done = _READY.validate_python({**dataclasses.asdict(product), **ready, **result})
        except RecordingError as error:
            if self._workers.closed:
                return
            logger.error(  # noqa: TRY400  (the code says it all)
                "recording product failed", recording=product.recording_id, code=error.code
            )
            done = dataclasses.replace(product, state=ProductState.FAILED, failure=error.code)
        finally:
            _ = self._progress.pop(product.id, None)
        with contextlib.suppress(FileNotFoundError):  # the recording was deleted meanwhile
            await self._keep(done)
            if done.state is ProductState.READY:
                await self._uploads.changed(product.recording_id)

    async def _keep(self, product: Product) -> None:
        async with self._writing:
            known = await asyncio.to_thread(self._read, product.recording_id)
            others = [one for one in known if one.id != product.id]
            await asyncio.to_thread(self._write, product.recording_id, [*others, product])

    def _current(self, product: Product) -> Product:
        share = self._progress.get(product.id)
        if share is None or not share:
            return product
        return dataclasses.replace(product, state=ProductState.RUNNING, progress=share)

    def _read(self, recording_id: str) -> list[Product]:
        try:
            with self._files.open(recording_id, PRODUCTS) as file:
                return _LIST.validate_json(file.read())
        except FileNotFoundError:
            return []
        except ValidationError:
            logger.warning("list of products cannot be read", recording=recording_id)
            return []

    def _write(self, recording_id: str, products: list[Product]) -> None:
        place = RecordingDirectory(self._files.path(recording_id))
        try:
            place.replace(PRODUCTS, _LIST.dump_json(products, indent=1) + b"\n")
        finally:
            place.close()

    def _unfinished(self) -> list[Product]:
        found: list[Product] = []
        if not self._files.root.is_dir():
            return found
        with os.scandir(self._files.root) as entries:
            names = [entry.name for entry in entries if Path(entry.path, PRODUCTS).is_file()]
        for name in sorted(names):
            waiting = (ProductState.QUEUED, ProductState.RUNNING)
            found += [product for product in self._read(name) if product.state in waiting]
        return found
