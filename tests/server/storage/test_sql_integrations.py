from dataclasses import replace
from datetime import timedelta

from support.domain import NOW

from server.records import (
    Delivery,
    DeliveryState,
    Extra,
    Preset,
    Share,
    ShareAccess,
    ShareUsage,
    Webhook,
    Workspace,
)
from server.storage.sql import SqlStorage


async def test_a_record_is_kept_replaced_and_forgotten(storage: SqlStorage):
    first = Workspace("1", "acc", "One", NOW)
    await storage.save_record(first)
    await storage.save_record(replace(first, name="Two"))
    await storage.save_record(Workspace("2", "other", "Three", NOW))
    found = await storage.find_record(Workspace, "1")
    assert found == replace(first, name="Two")
    assert await storage.list_records(Workspace, account="acc") == [found]
    assert len(await storage.list_records(Workspace)) == 2
    assert await storage.delete_record(Workspace, "1")
    assert not await storage.delete_record(Workspace, "1")
    assert await storage.find_record(Workspace, "1") is None


async def test_lists_and_documents_come_back_as_they_were(storage: SqlStorage):
    hook = Webhook("w", "a", "n", "http://x/", ["b", "a"], True, "app", NOW, NOW)
    preset = Preset("p", "a", "n", {"deep": {"list": [1, None]}}, NOW, NOW)
    extra = Extra("m", {"x": True}, NOW)
    for record in (hook, preset, extra):
        await storage.save_record(record)
        assert await storage.find_record(type(record), record.id) == record


async def test_old_finished_deliveries_go_and_pending_ones_stay(storage: SqlStorage):
    pending = Delivery("1", "w", "s", "e", "{}", DeliveryState.PENDING, 0, NOW, NOW)
    await storage.save_record(pending)
    await storage.save_record(replace(pending, id="2", state=DeliveryState.DELIVERED))
    assert await storage.prune_deliveries(NOW) == 0
    assert await storage.prune_deliveries(NOW + timedelta(seconds=1)) == 1
    assert await storage.list_records(Delivery, state="pending") == [pending]


async def test_the_usage_of_a_recordings_links_is_counted(storage: SqlStorage):
    def link(name: str, recording: str = "r") -> Share:
        return Share(name, recording, f"hash of {name}", NOW, None, NOW, allow_download=True)

    for share in (link("used"), link("new"), link("other", "another")):
        await storage.save_record(share)
    for number, file in enumerate((None, None, "file")):
        at = NOW + timedelta(seconds=number)
        await storage.save_record(ShareAccess(str(number), "used", at, "192.0.2.1", file))
    await storage.save_record(ShareAccess("9", "other", NOW, None))
    used = ShareUsage(2, NOW + timedelta(seconds=2))
    assert await storage.share_usage("r") == {"used": used}
