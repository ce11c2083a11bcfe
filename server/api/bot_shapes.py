"""Bots as the API shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from server.connectors.links import LONGEST, Platform
from server.connectors.port import BotEnd, FailureCode
from server.services.bot_machine import BotStatus

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]


class CreateBot(BaseModel):
    """A wish for a bot."""

    link: str = Field(max_length=LONGEST, description="Link of the meeting.")
    name: Name = Field(default="Roomtone Bot", description="As others see it.")
    transcribe: bool = Field(default=True, description="Write down what is said.")
    language: str = Field(
        default="en",
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
        max_length=35,
        description="What is spoken (BCP 47).",
    )


class BotQuery(BaseModel):
    """Which bots."""

    status: BotStatus | None = None
    offset: int = Field(default=0, ge=0, le=1_000_000)
    limit: int = Field(default=50, ge=1, le=200)


class BotPerson(BaseModel):
    """Somebody's stay while the bot was there."""

    id: str
    name: str
    joined_at: datetime
    left_at: datetime | None


class Bot(BaseModel):
    """A bot and what became of it."""

    id: str
    link: str
    platform: Platform
    name: str
    status: BotStatus
    substatus: str | None = Field(description="`waiting_room` while it waits to be let in.")
    transcribe: bool
    language: str
    created_at: datetime
    updated_at: datetime
    joined_at: datetime | None
    left_at: datetime | None
    duration_seconds: float | None
    meeting_id: str | None
    session_id: str | None
    recording_id: str | None
    end_reason: BotEnd | None = Field(description="Why it came out; null when it failed.")
    error_code: FailureCode | None = Field(description="Why it failed.")
    error_message: str | None
    warnings: list[str] = Field(description="What is less than was asked for.")
    people: list[BotPerson] | None = Field(
        default=None, description="Who was there; null in lists."
    )


class BotPage(BaseModel):
    """A page of bots, newest first."""

    items: list[Bot]
    total: int
