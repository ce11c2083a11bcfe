"""The loudest-speaker policy: who holds the room's audio places (RFC 6464 levels).

A room has `places` primary places, heard by everybody, and one reserve, heard by those who hold a
primary place themselves: nobody hears himself, and so nobody misses anybody for that.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar, cast

MUTED_LEVEL = 127  # RFC 6464 section 3: digital silence
GATE_LEVEL = 90  # quieter than -90 dBov is nobody speaking
SPEAKING_LEVEL = 55  # what a page marks as speaking: above room noise after noise suppression
ASSUMED_LEVEL = 40  # a source without the extension, while it sends more than DTX
HANGOVER_PACKETS = 10  # 200 ms: word endings and breaths go through
MARGIN_DB = 6.0  # clearly louder, not by chance
HOLD_NS = 1_000_000_000  # a place is kept at least this long against someone louder
IDLE_NS = 600_000_000  # after this silence a place goes to whoever speaks
SPEAKING_NS = 400_000_000  # how long after the last loud packet somebody counts as speaking
SMOOTHING = 0.1  # about 10 packets, 200 ms

K = TypeVar("K", bound=Hashable)


class _Voice:
    """What is remembered of a source that has spoken."""

    __slots__ = ("loud_ns", "loudness", "place", "since_ns", "spoke_ns")

    def __init__(self) -> None:
        self.loudness = 0.0
        self.place: int | None = None
        self.since_ns = 0
        self.spoke_ns = 0
        self.loud_ns: int | None = None


class Speakers(Generic[K]):
    """Folds the voiced packets of a room into the holders of its places.

    Args:
        places: Primary places; the reserve comes on top.
    """

    def __init__(self, places: int) -> None:
        self._voices: dict[K, _Voice] = {}
        self._holders: list[K | None] = [None] * (places + 1)
        self._reserve = places
        self._leader: K | None = None

    @property
    def primary(self) -> list[K]:
        """Holders of the primary places, by place."""
        return [key for key in self._holders[: self._reserve] if key is not None]

    @property
    def reserve(self) -> K | None:
        """Holder of the reserve place."""
        return self._holders[self._reserve]

    def voice(self, key: K, level: int, at_ns: int) -> bool:
        """Take one authenticated packet louder than the gate; True when the holders changed.

        Args:
            key: Whose.
            level: Level in -dBov, 0 (loudest) to 126.
            at_ns: Monotonic nanoseconds.
        """
        voice = self._voices.get(key)
        if voice is None:
            voice = self._voices[key] = _Voice()
        voice.loudness += (MUTED_LEVEL - level - voice.loudness) * SMOOTHING
        voice.spoke_ns = at_ns
        if level <= SPEAKING_LEVEL:
            voice.loud_ns = at_ns
        if voice.place is not None and voice.place < self._reserve:
            return False
        return self._rise(key, voice, at_ns)

    def drop(self, key: K) -> bool:
        """Forget a source that ended or was muted; True when it held a place."""
        voice = self._voices.pop(key, None)
        if key == self._leader:
            self._leader = None
        if voice is None or voice.place is None:
            return False
        self._holders[voice.place] = None
        return True

    def speaking(self, at_ns: int) -> tuple[K, ...]:
        """Who speaks now, loudest first; who leads is followed only by somebody clearly louder."""
        now = {
            key: voice.loudness + (MARGIN_DB if key == self._leader else 0.0)
            for key, voice in self._voices.items()
            if voice.loud_ns is not None and at_ns - voice.loud_ns <= SPEAKING_NS
        }
        ranked = sorted(now, key=lambda key: -now[key])
        self._leader = ranked[0] if ranked else None
        return tuple(ranked)

    def _rise(self, key: K, voice: _Voice, at_ns: int) -> bool:
        place = self._find_place(voice, at_ns)
        if place is None:
            return False
        loser = self._holders[place]
        if voice.place is not None:
            self._holders[voice.place] = None
        if loser is not None:
            self._demote(loser)
        self._holders[place] = key
        voice.place = place
        voice.since_ns = at_ns
        return True

    def _demote(self, loser: K) -> None:
        """A loser of a primary place falls into the reserve; one of the reserve falls out."""
        voice = self._voices[loser]
        fell_from = voice.place
        voice.place = None
        if fell_from == self._reserve:
            return
        waiting = self._holders[self._reserve]
        if waiting is not None:
            self._voices[waiting].place = None
        self._holders[self._reserve] = loser
        voice.place = self._reserve

    def _find_place(self, challenger: _Voice, at_ns: int) -> int | None:
        yielding: list[int] = []
        for place, holder in enumerate(self._holders[: self._reserve]):
            if holder is None:
                return place
            if self._yields(self._voices[holder], challenger, at_ns, HOLD_NS):
                yielding.append(place)
        if yielding:
            return min(yielding, key=lambda place: self._strength(place, at_ns))
        if challenger.place is not None:
            return None
        waiting = self._holders[self._reserve]
        if waiting is None or self._yields(self._voices[waiting], challenger, at_ns, 0):
            return self._reserve
        return None

    @staticmethod
    def _yields(holder: _Voice, challenger: _Voice, at_ns: int, held_ns: int) -> bool:
        if at_ns - holder.spoke_ns > IDLE_NS:
            return True
        louder = challenger.loudness > holder.loudness + MARGIN_DB
        return louder and at_ns - holder.since_ns >= held_ns

    def _strength(self, place: int, at_ns: int) -> tuple[bool, float]:
        """The longest idle holder is the weakest, then the quietest."""
        voice = self._voices[cast("K", self._holders[place])]
        idle = at_ns - voice.spoke_ns > IDLE_NS
        return (not idle, voice.spoke_ns if idle else voice.loudness)
