"""Presets: named bundles of rights that a workspace keeps for its invitations."""

import asyncio
import dataclasses
from collections.abc import Mapping

from media.clock import Clock
from server.records import Preset
from server.storage.port import IntegrationStore
from signaling.ids import new_id

Documents = Mapping[str, Mapping[str, object]]


class PresetsService:
    """Keeps presets; a workspace begins with the standard ones.

    Args:
        store: Where they are kept.
        standard: Documents of the standard presets by name.
        clock: Tells creation times.
    """

    def __init__(self, store: IntegrationStore, standard: Documents, clock: Clock) -> None:
        self._store = store
        self._standard = standard
        self._clock = clock
        self._seeding = asyncio.Lock()
        self._seeded: set[str] = set()

    async def all(self, account: str) -> list[Preset]:
        """All of a workspace, oldest first."""
        await self._seed(account)
        return await self._store.list_records(Preset, account=account)

    async def find(self, account: str, preset_id: str) -> Preset | None:
        """One by id."""
        await self._seed(account)
        found = await self._store.find_record(Preset, preset_id)
        return found if found is not None and found.account == account else None

    async def by_name(self, account: str, name: str) -> Preset | None:
        """The newest with this name."""
        await self._seed(account)
        found = await self._store.list_records(Preset, account=account, name=name)
        return found[-1] if found else None

    async def create(self, account: str, name: str, document: Mapping[str, object]) -> Preset:
        """Make one; names need not differ."""
        now = self._clock.utc()
        preset = Preset(new_id(), account, name, document, now, now)
        await self._store.save_record(preset)
        return preset

    async def change(self, old: Preset, name: str, document: Mapping[str, object]) -> Preset:
        """Replace name and document."""
        new = dataclasses.replace(old, name=name, document=document, updated_at=self._clock.utc())
        await self._store.save_record(new)
        return new

    async def delete(self, preset: Preset) -> None:
        """Forget one."""
        _ = await self._store.delete_record(Preset, preset.id)

    async def _seed(self, account: str) -> None:
        """Give a workspace the standard presets when it has none at all."""
        if account in self._seeded:
            return
        async with self._seeding:
            if account not in self._seeded:
                if not await self._store.list_records(Preset, account=account):
                    for name, document in self._standard.items():
                        _ = await self.create(account, name, document)
                self._seeded.add(account)
