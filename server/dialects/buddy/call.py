"""One request of the dialect: who asks, and what its handlers look up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from server.api.policy import member_of, sees
from server.auth.errors import AuthRefused
from server.auth.principal import Principal, PrincipalKind
from server.dialects.buddy.errors import BuddyError, invalid, missing, unauthenticated
from server.dialects.buddy.ids import bot_id
from server.dialects.buddy.times import read_date
from server.records import Bot
from server.storage.port import BotQuery

if TYPE_CHECKING:
    from server.services.context import App

M = TypeVar("M", bound=BaseModel)
RANGE_DAYS: Final = 30
LONGEST_RANGE_DAYS: Final = 3660
_LONGEST: Final = 16_384


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody known."""

    request: web.Request
    app: "App"
    principal: Principal

    async def bot(self) -> Bot:
        """The bot of the path.

        Raises:
            BuddyError: 422, 404; another organization's is 404 too.
        """
        found = await self.app.bots.get(bot_id(self.request.match_info["session"]))
        if not sees(self.principal, found):
            raise missing("SESSION_NOT_FOUND")
        return found

    async def body(self, model: type[M]) -> M:
        """The JSON body, checked.

        Raises:
            BuddyError: 422.
        """
        try:
            return model.model_validate_json(await self.request.read() or b"{}")
        except ValidationError as error:
            raise from_validation(error) from error

    def text(self, name: str) -> str | None:
        """A query parameter; an empty one is none."""
        return self.request.query.get(name) or None

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number of the query.

        Raises:
            BuddyError: 422.
        """
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise invalid(name, f"{name} must be a whole number")
        value = int(text)
        if not low <= value <= high:
            raise invalid(name, f"{name} must be from {low} to {high}")
        return value

    def date(self, name: str, *, end: bool = False) -> datetime | None:
        """A date of the query.

        Raises:
            BuddyError: 422.
        """
        text = self.text(name)
        if text is None:
            return None
        try:
            return read_date(text, end=end)
        except (ValueError, OverflowError) as error:
            raise invalid(name, f"{name} must be an ISO 8601 date") from error

    def range(self) -> BotQuery:
        """The bots of the time asked for, the last 30 days by default.

        Raises:
            BuddyError: 422.
        """
        until = self.date("end_date", end=True) or self.app.clock.utc() + timedelta(seconds=1)
        since = self.date("start_date") or until - timedelta(days=RANGE_DAYS)
        if since > until:
            raise invalid("start_date", "start_date must not be after end_date")
        if until - since > timedelta(days=LONGEST_RANGE_DAYS):
            raise invalid("start_date", f"A range has at most {LONGEST_RANGE_DAYS} days")
        return self.query(since=since, until=until)

    def query(self, **members: object) -> BotQuery:
        """Bots that the caller sees."""
        mine = member_of(self.principal)
        return BotQuery(self.principal.account, created_by=mine, **members)  # type: ignore[arg-type]


async def identify(app: "App", headers: Mapping[str, str]) -> Principal:
    """Who asks; a good bearer token decides over an API key.

    Raises:
        BuddyError: 401.
    """
    scheme, _, token = headers.get("Authorization", "").strip().partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    for credential in (bearer, headers.get("x-api-key", "").strip()):
        if not 0 < len(credential) <= _LONGEST:
            continue
        found = await _principal(app, credential)
        if found is not None and found.kind in (PrincipalKind.API_KEY, PrincipalKind.USER):
            return found
    raise unauthenticated()


async def _principal(app: "App", credential: str) -> Principal | None:
    try:
        return await app.authenticator.identify(credential)
    except AuthRefused:
        return await _foreign_key(app, credential)


async def _foreign_key(app: "App", credential: str) -> Principal | None:
    """A key that somebody else made and the operator registered."""
    try:
        key = await app.keys.check(credential)
    except AuthRefused:
        return None
    return Principal(PrincipalKind.API_KEY, account=key.account, key_id=key.id)


def from_validation(error: ValidationError) -> BuddyError:
    """The first thing that is wrong with a body."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "body"
    if field == "meeting_link":
        text = "Meeting link must be a valid HTTPS URL"
        return BuddyError(422, "INVALID_MEETING_LINK", text, {"field": field})
    return BuddyError(422, "VALIDATION_ERROR", first["msg"], {"field": field})
