"""Whose voice is on which track of a foreign page; nobody's when it is not sure. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from server.connectors.look import HeardTrack, Look
from server.connectors.recipe import Sound

AGREED: Final = 2
"""Looks that must agree, half a second apart, before a lit tile names a voice."""
QUIET: Final = 6
"""Looks of silence after which a track of a pool may be somebody else's."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What is published as one speaker.

    Attributes:
        key: Opaque and stable within a visit.
        person: The page's id of that person; None when unsure.
        name: As others see it.
        track: The track that carries it now; None while none does.
    """

    key: str
    person: str | None
    name: str
    track: str | None


class Attribution:
    """Follows a page's tracks.

    Args:
        sound: How the page receives sound.
        mixed: The name of everybody together.
    """

    def __init__(self, sound: Sound, mixed: str) -> None:
        self._sound = sound
        self._mixed = mixed
        self._numbers: dict[str, int] = {}
        self._sources: dict[int, str] = {}
        self._owner: dict[str, str] = {}
        self._quiet: Counter[str] = Counter()
        self._agreed: tuple[str, str, int] | None = None

    def see(self, look: Look) -> tuple[Voice, ...]:
        """The voices of one moment, each with a key of its own."""
        if self._sound is Sound.MIXED:
            return tuple(self._unnamed(track.id, self._mixed) for track in look.tracks)
        if self._sound is Sound.POOL:
            return self._named(look, look.tracks, self._pool(look))
        owned = [one for one in look.tracks if look.owners.get(one.id) in look.people]
        return self._named(look, owned, look.owners)

    # Inside

    def _named(
        self, look: Look, tracks: Sequence[HeardTrack], owners: Mapping[str, str]
    ) -> tuple[Voice, ...]:
        seen: Counter[str] = Counter()
        voices: list[Voice] = []
        for track in tracks:
            who = owners.get(track.id)
            if who is None or who not in look.people:
                voices.append(self._unnamed(track.id, None))
                continue
            seen[who] += 1
            key = f"person:{who}" if seen[who] == 1 else f"person:{who}:{seen[who]}"
            voices.append(Voice(key, who, look.people[who], track.id))
        return tuple(voices)

    def _unnamed(self, track: str, name: str | None) -> Voice:
        number = self._numbers.setdefault(track, len(self._numbers) + 1)
        if name is None:
            name = f"Speaker {number}"
        elif number > 1:
            name = f"{name} ({number})"
        return Voice(f"track:{track}", None, name, track)

    def _pool(self, look: Look) -> Mapping[str, str]:
        """Name the one track that sounds after the one tile that is lit, once that holds."""
        self._learn(look)
        owners: dict[str, str] = {}
        for track in look.tracks:
            if track.sounding:
                self._quiet[track.id] = 0
            else:
                self._quiet[track.id] += 1
                if self._quiet[track.id] >= QUIET:
                    _ = self._owner.pop(track.id, None)
            # A contributing source is one person's for as long as the meeting lasts.
            known = self._sources.get(track.source) if track.source is not None else None
            who = known or self._owner.get(track.id)
            if who is not None:
                owners[track.id] = who
        return owners

    def _learn(self, look: Look) -> None:
        sounding = [track for track in look.tracks if track.sounding]
        if len(sounding) != 1 or len(look.lit) != 1:
            self._agreed = None
            return
        (track,), (who,) = sounding, look.lit
        place = f"{track.id}/{track.source}"
        times = self._agreed[2] + 1 if self._agreed and self._agreed[:2] == (place, who) else 1
        self._agreed = (place, who, times)
        if times < AGREED:
            if self._owner.get(track.id, who) != who:
                del self._owner[track.id]  # another tile is lit: no longer sure
            return
        if track.source is None:
            self._owner[track.id] = who
        else:
            self._sources[track.source] = who
