"""The mirror of a foreign meeting: a Meeting of ours into which every voice is published.

Each voice is a WHIP connection of its own under its speaker's name, so that recording, captions,
quality and tracking are those of any meeting. One that loses its speaker stays, silent, until the
bot leaves or somebody else has one: an empty mirror would end its Session, and the recording.
"""

from collections.abc import Iterable
from typing import Final

import structlog

from server.connectors.attribution import Voice
from server.connectors.browser.page import ForeignPage, PageError
from server.connectors.browser.whip import Published, WhipClient, WhipError
from server.connectors.look import Look
from server.connectors.port import FailureCode
from server.services.meetings import MeetingsService
from server.services.views import CreateMeeting, TokenWish
from signaling.errors import Refused
from signaling.model import Access, Meeting

TRIES: Final = 5
"""Offers refused one after the other until the bot gives up."""
_DEAD: Final = ("failed", "closed")

logger = structlog.get_logger(__name__)


class Mirrors:
    """Makes mirrors on this server.

    Args:
        meetings: Makes their meetings.

    Attributes:
        base_url: Where this server itself answers; the lifecycle sets it once it listens.
        whip: Publishes to them.
    """

    def __init__(self, meetings: MeetingsService) -> None:
        self._meetings = meetings
        self.base_url = ""
        self.whip = WhipClient()

    async def open(self, title: str, account: str) -> "Mirror":
        """A meeting that nobody gets into by its link alone."""
        wish = CreateMeeting(title=title, access=Access.TOKEN)
        meeting = await self._meetings.create(wish, account=account, by=None)
        return Mirror(meeting, self._meetings, self.whip, self.base_url)

    async def close(self) -> None:
        """Let go of what is open."""
        await self.whip.close()


class Mirror:
    """One foreign meeting here.

    Args:
        meeting: Ours.
        meetings: Gives tokens for it, and ends it.
        whip: Publishes.
        base_url: Where this server answers.
    """

    def __init__(
        self, meeting: Meeting, meetings: MeetingsService, whip: WhipClient, base_url: str
    ) -> None:
        self.meeting = meeting
        self._meetings = meetings
        self._whip = whip
        self._endpoint = f"{base_url}/v1/meetings/{meeting.id}/whip"
        self._published: dict[str, Published] = {}
        self._carried: dict[str, str | None] = {}
        self._persons: dict[str, str | None] = {}
        self._refused = 0

    async def update(self, page: ForeignPage, voices: Iterable[Voice], look: Look) -> None:
        """Bring what is published to what is heard.

        Raises:
            PageError: The page is gone, or this server takes no sound.
        """
        for key in [one for one in self._published if look.publications.get(one) in _DEAD]:
            await self._end(page, key)
        wanted = {voice.key: voice for voice in voices}
        for key in self._published:
            voice = wanted.get(key)
            await self._carry(page, key, None if voice is None else voice.track)
        for key, voice in wanted.items():
            if key not in self._published and voice.track is not None:
                await self._publish(page, voice, voice.track)
        for key in [one for one in self._published if self._is_over(one, wanted, look)]:
            if len(self._published) > 1:
                await self._end(page, key)

    async def close(self) -> None:
        """End every publication and the mirror's Session."""
        for published in self._published.values():
            await self._whip.end(published)
        self._published.clear()
        try:
            await self._meetings.live.end_meeting(self.meeting.id, None)
        except Refused:
            return  # nobody was heard: there is no session

    # Inside

    def _is_over(self, key: str, wanted: Iterable[str], look: Look) -> bool:
        """A person who left, or a track that is gone."""
        if key in set(wanted):
            return False
        person = self._persons[key]
        return person is None or person not in look.people

    async def _carry(self, page: ForeignPage, key: str, track: str | None) -> None:
        if self._carried[key] != track:
            await page.put(key, track)
            self._carried[key] = track

    async def _publish(self, page: ForeignPage, voice: Voice, track: str) -> None:
        offer = await page.offer(voice.key, track)
        try:
            token = await self._meetings.issue_token(self.meeting.id, TokenWish(voice.name))
            made = await self._whip.publish(self._endpoint, token.token, offer)
        except (WhipError, Refused) as error:
            await page.drop(voice.key)
            self._refused += 1
            logger.warning("mirror takes no voice", meeting=self.meeting.id, reason=str(error))
            if self._refused >= TRIES:
                text = "This server took no sound from the bot's browser; its log says why."
                raise PageError(FailureCode.MEDIA_TIMEOUT, text) from error
            return
        self._refused = 0
        self._published[voice.key] = made
        self._carried[voice.key], self._persons[voice.key] = track, voice.person
        await page.answer(voice.key, made.answer)

    async def _end(self, page: ForeignPage, key: str) -> None:
        published = self._published.pop(key)
        del self._carried[key], self._persons[key]
        await page.drop(key)
        await self._whip.end(published)
