"""Writes down what bots do, behind them: many records in one transaction, in order.

A hundred bots that set out at once would else wait for each other's transactions.
"""

import asyncio

from media.tasks import OnError, TaskScope
from server.storage.port import IntegrationStore


class BotLedger:
    """Bots, people and log entries on their way to storage.

    A record that cannot be stored is reported and given up; what a bot's end then lacks is put
    right by the next look for bots that are stuck.

    Args:
        store: Where they are kept.
        on_error: Told of records that could not be stored.
    """

    def __init__(self, store: IntegrationStore, on_error: OnError) -> None:
        self._store = store
        self._on_error = on_error
        self._scope = TaskScope(on_error)
        self._waiting: dict[str, object] = {}
        self._lost: dict[str, Exception | None] = {}  # of those that somebody waits for
        self._writing: asyncio.Task[None] | None = None

    def put(self, record_id: str, record: object) -> None:
        """Store a record soon, in place of an earlier version that waits."""
        self._waiting[record_id] = record
        if self._writing is None:
            self._writing = self._scope.spawn(self._write(), name="write bots down")

    async def keep(self, record_id: str, record: object) -> None:
        """Store a record and wait for that.

        Raises:
            Exception: What storage said; the record is not there.
        """
        self._lost[record_id] = None
        self.put(record_id, record)
        try:
            await self.settled()
        finally:
            lost = self._lost.pop(record_id, None)
        if lost is not None:
            raise lost

    async def settled(self) -> None:
        """Wait until everything that was put is stored."""
        while self._writing is not None:
            _ = await asyncio.wait({self._writing})

    async def close(self) -> None:
        """Store what waits."""
        await self.settled()
        await self._scope.close()

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, {}
                try:
                    await self._store.save_records(tuple(batch.values()))
                except Exception:  # noqa: BLE001  (found out and reported one by one)
                    await self._write_each(batch)
        finally:
            self._writing = None

    async def _write_each(self, batch: dict[str, object]) -> None:
        """One of them cannot be stored: it must not take the others along."""
        for record_id, record in batch.items():
            try:
                await self._store.save_records((record,))
            except Exception as error:  # noqa: BLE001  (reported, and told whoever waits)
                if record_id in self._lost:
                    self._lost[record_id] = error
                self._on_error("write bots down", error)
