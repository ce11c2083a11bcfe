"""Apps: list and create."""

from aiohttp import web

from server.auth.principal import DEFAULT_ACCOUNT
from server.dialects.realtimekit.access import DEFAULT_APP, DEFAULT_APP_NAME
from server.dialects.realtimekit.answers import success, time_text
from server.dialects.realtimekit.kit import Kit
from server.dialects.realtimekit.reading import (
    Body,
    matches,
    needed_text,
    newest_first,
    read_body,
    read_paging,
)
from server.records import ApiKey, Workspace
from signaling.ids import new_id


async def listing(kit: Kit, request: web.Request, key: ApiKey, account_id: str) -> web.Response:
    """`GET /apps`; the default app is there for keys of the installation itself."""
    own = await kit.app.storage.list_records(Workspace, account=account_id)
    found = [_document(one) for one in own]
    if key.account == DEFAULT_ACCOUNT:
        found.insert(0, {"id": DEFAULT_APP, "name": DEFAULT_APP_NAME})
    found = [one for one in found if matches(request.query, str(one["name"]))]
    if newest_first(request.query):
        found.reverse()
    page, offsets = read_paging(request.query).cut(found)
    return success(page, paging=offsets)


async def create(kit: Kit, request: web.Request, _key: ApiKey, account_id: str) -> web.Response:
    """`POST /apps`."""
    name = needed_text(read_body(await request.read()), "name")
    made = Workspace(new_id(), account_id, name, kit.app.clock.utc())
    await kit.app.storage.save_record(made)
    _ = await kit.presets.all(made.id)
    return success({"app": _document(made)}, 201)


def _document(one: Workspace) -> Body:
    return {"id": one.id, "name": one.name, "created_at": time_text(one.created_at)}
