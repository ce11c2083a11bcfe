"""Webhooks: events sent to other programs, signed, in order for each session, kept in a log."""

import asyncio
import dataclasses
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from media.clock import Clock
from media.tasks import OnError, TaskScope
from server.records import Delivery, DeliveryState, Webhook
from server.services.known import Known
from server.services.signing_key import SigningKey
from server.storage.port import IntegrationStore
from signaling.ids import new_id

RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses before the second to the sixth attempt."""
KEPT = 1000  # accounts whose webhooks are looked up at every fact
WAITING_LIMIT = 1000
"""Deliveries that one session may have waiting for one webhook; later ones fail at once."""
THROTTLE_AFTER = 10
"""Deliveries given up in a row, from which on a webhook gets one attempt for each."""
LOG_DAYS = 30

logger = structlog.get_logger(__name__)


class Post(Protocol):
    """Sends a body; the HTTP client behind it belongs to the edge."""

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer.

        Raises:
            OSError: There was no answer in time.
        """
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class HeaderNames:
    """Under which header names a delivery tells what."""

    signature: Sequence[str]
    delivery: Sequence[str]
    webhook: Sequence[str]


@dataclasses.dataclass(slots=True)
class _Lane:
    """Deliveries of one session to one webhook, oldest first."""

    waiting: deque[Delivery] = dataclasses.field(default_factory=deque)


class WebhooksService:
    """Keeps webhooks and sends to them.

    Args:
        store: Where webhooks and the delivery log are.
        key: Signs.
        post: Sends.
        names: Header names.
        clock: Tells times.
        on_error: Told when a background step fails.
        pauses: Seconds before each further attempt.
    """

    def __init__(  # noqa: PLR0913  (what it works with)
        self,
        *,
        store: IntegrationStore,
        key: SigningKey,
        post: Post,
        names: HeaderNames,
        clock: Clock,
        on_error: OnError,
        pauses: Sequence[float] = RETRY_SECONDS,
    ) -> None:
        self._store = store
        self._key = key
        self._post = post
        self._names = names
        self._clock = clock
        self._scope = TaskScope(on_error)
        self._pauses = tuple(pauses)
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._given_up: dict[str, int] = {}
        self._known: Known[Sequence[Webhook]] = Known(KEPT)

    @property
    def public_pem(self) -> str:
        """By which receivers verify."""
        return self._key.public_pem

    async def start(self) -> None:
        """Drop old log entries; go on with what was not sent when the process ended."""
        _ = await self._store.prune_deliveries(self._clock.utc() - timedelta(days=LOG_DAYS))
        for delivery in await self._store.list_records(Delivery, state=DeliveryState.PENDING.value):
            self._enqueue(delivery)

    async def stop(self) -> None:
        """Break off; what is pending is sent after the next start."""
        await self._scope.close()

    # webhooks

    async def of_account(self, account: str) -> Sequence[Webhook]:
        """All of an account, oldest first."""
        return await self._known.get(
            account, lambda: self._store.list_records(Webhook, account=account)
        )

    async def find(self, account: str, webhook_id: str) -> Webhook | None:
        """One of an account."""
        found = await self._store.find_record(Webhook, webhook_id)
        return found if found is not None and found.account == account else None

    async def save(self, webhook: Webhook) -> None:
        """Keep a new or changed one."""
        await self._store.save_record(webhook)
        self._known.forget(webhook.account)
        self._given_up.pop(webhook.id, None)

    async def delete(self, webhook: Webhook) -> None:
        """Send nothing more to it."""
        _ = await self._store.delete_record(Webhook, webhook.id)
        self._known.forget(webhook.account)

    async def log(self, webhook_id: str) -> list[Delivery]:
        """What was sent to it, oldest first."""
        return await self._store.list_records(Delivery, webhook_id=webhook_id)

    # sending

    async def send(self, webhook: Webhook, event: str, subject: str, body: str) -> Delivery:
        """Send an event after all earlier ones of the same session to this webhook."""
        now = self._clock.utc()
        delivery = Delivery(
            id=new_id(),
            webhook_id=webhook.id,
            subject=subject,
            event=event,
            body=body,
            state=DeliveryState.PENDING,
            attempts=0,
            created_at=now,
            updated_at=now,
        )
        lane = self._lanes.get((webhook.id, subject))
        if lane is not None and len(lane.waiting) >= WAITING_LIMIT:
            delivery = dataclasses.replace(
                delivery, state=DeliveryState.FAILED, error="too many deliveries wait"
            )
            await self._store.save_record(delivery)
            return delivery
        await self._store.save_record(delivery)
        self._enqueue(delivery)
        return delivery

    def _enqueue(self, delivery: Delivery) -> None:
        key = (delivery.webhook_id, delivery.subject)
        lane = self._lanes.get(key)
        if lane is not None:
            lane.waiting.append(delivery)
            return
        lane = self._lanes[key] = _Lane(deque([delivery]))
        _ = self._scope.spawn(self._drive(key, lane), name="webhook deliveries")

    async def _drive(self, key: tuple[str, str], lane: _Lane) -> None:
        try:
            while lane.waiting:
                await self._deliver(lane.waiting[0])
                lane.waiting.popleft()
        finally:
            self._lanes.pop(key, None)

    async def _deliver(self, delivery: Delivery) -> None:
        webhook = await self._store.find_record(Webhook, delivery.webhook_id)
        if webhook is None or not webhook.enabled:
            await self._finish(delivery, DeliveryState.FAILED, error="the webhook is gone or off")
            return
        throttled = self._given_up.get(webhook.id, 0) >= THROTTLE_AFTER
        pauses = () if throttled else self._pauses
        for pause in (*pauses, None):
            delivery = await self._attempt(webhook, delivery)
            status = delivery.status
            if status is not None and status < 500:
                good = 200 <= status < 300
                state = DeliveryState.DELIVERED if good else DeliveryState.FAILED
                self._given_up.pop(webhook.id, None)
                await self._finish(delivery, state)
                return
            if pause is not None:
                await self._store.save_record(delivery)
                await asyncio.sleep(pause)
        self._given_up[webhook.id] = self._given_up.get(webhook.id, 0) + 1
        logger.warning("webhook delivery given up", webhook=webhook.id, event_name=delivery.event)
        await self._finish(delivery, DeliveryState.FAILED)

    async def _attempt(self, webhook: Webhook, delivery: Delivery) -> Delivery:
        body = delivery.body.encode()
        signature = await asyncio.to_thread(self._key.sign, body)
        headers = {"Content-Type": "application/json"}
        headers |= dict.fromkeys(self._names.signature, signature)
        headers |= dict.fromkeys(self._names.delivery, delivery.id)
        headers |= dict.fromkeys(self._names.webhook, webhook.id)
        status, error = None, None
        try:
            status = await self._post(webhook.url, body, headers)
        except OSError as problem:
            error = str(problem)[:200] or type(problem).__name__
        return dataclasses.replace(
            delivery,
            attempts=delivery.attempts + 1,
            status=status,
            error=error,
            updated_at=self._clock.utc(),
        )

    async def _finish(
        self, delivery: Delivery, state: DeliveryState, error: str | None = None
    ) -> None:
        await self._store.save_record(
            dataclasses.replace(
                delivery,
                state=state,
                error=error or delivery.error,
                updated_at=self._clock.utc(),
            )
        )
