"""Webhooks: create, list, read, replace, edit, delete; their event names."""

import dataclasses
from urllib.parse import urlsplit

from aiohttp import web

from server.dialects.realtimekit.answers import bad, not_found, success, time_text
from server.dialects.realtimekit.kit import Call
from server.dialects.realtimekit.reading import Body, needed_text, switch_of, text_of, texts_of
from server.records import Webhook
from signaling.ids import new_id

EVENTS = (
    "meeting.started",
    "meeting.ended",
    "meeting.participantJoined",
    "meeting.participantLeft",
    "meeting.chatSynced",
    "recording.statusUpdate",
    "livestreaming.statusUpdate",
    "meeting.transcript",
    "meeting.summary",
)


def document(webhook: Webhook) -> Body:
    """A webhook as the dialect shows it."""
    return {
        "id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "events": list(webhook.events),
        "enabled": webhook.enabled,
        "created_at": time_text(webhook.created_at),
        "updated_at": time_text(webhook.updated_at),
    }


async def create(call: Call) -> web.Response:
    """`POST /webhooks`."""
    body, now = await call.body(), call.app.clock.utc()
    name, url, events = _whole(body)
    enabled = switch_of(body, "enabled")
    made = Webhook(
        id=new_id(),
        account=call.ref.account,
        name=name,
        url=url,
        events=events,
        enabled=enabled is not False,
        label=call.ref.id,
        created_at=now,
        updated_at=now,
    )
    await call.kit.webhooks.save(made)
    return success(document(made), 201)


async def listing(call: Call) -> web.Response:
    """`GET /webhooks`."""
    found = await call.kit.webhooks.of_account(call.ref.account)
    return success([document(one) for one in found])


async def names(_call: Call) -> web.Response:
    """`GET /webhooks/all`."""
    return success(list(EVENTS))


async def get(call: Call) -> web.Response:
    """`GET /webhooks/{webhook}`."""
    return success(document(await _webhook(call)))


async def delete(call: Call) -> web.Response:
    """`DELETE /webhooks/{webhook}`."""
    webhook = await _webhook(call)
    await call.kit.webhooks.delete(webhook)
    return success(document(webhook))


async def replace(call: Call) -> web.Response:
    """`PUT /webhooks/{webhook}`."""
    webhook, body = await _webhook(call), await call.body()
    name, url, events = _whole(body)
    return await _save(call, webhook, name, url, events, body)


async def edit(call: Call) -> web.Response:
    """`PATCH /webhooks/{webhook}`."""
    webhook, body = await _webhook(call), await call.body()
    url = text_of(body, "url")
    events = list(webhook.events) if body.get("events") is None else _events(body)
    url = webhook.url if url is None else _checked(url)
    return await _save(call, webhook, text_of(body, "name") or webhook.name, url, events, body)


async def _save(
    call: Call, old: Webhook, name: str, url: str, events: list[str], body: Body
) -> web.Response:
    enabled = switch_of(body, "enabled")
    new = dataclasses.replace(
        old,
        name=name,
        url=url,
        events=events,
        enabled=old.enabled if enabled is None else enabled,
        updated_at=call.app.clock.utc(),
    )
    await call.kit.webhooks.save(new)
    return success(document(new))


async def _webhook(call: Call) -> Webhook:
    wanted = call.part("webhook")
    return await call.kit.webhooks.find(call.ref.account, wanted) or not_found("webhook", wanted)


def _whole(body: Body) -> tuple[str, str, list[str]]:
    name = needed_text(body, "name")
    return name, _checked(needed_text(body, "url")), _events(body)


def _events(body: Body) -> list[str]:
    found = texts_of(body, "events", needed=True)
    for name in found:
        if name not in EVENTS:
            raise bad(f'"events" must not contain {name[:60]}')
    return list(dict.fromkeys(found))


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise bad('"url" must be a valid uri')
    return url
