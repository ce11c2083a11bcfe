"""Users: identities that this server has seen, each with an id of its own."""

from collections.abc import Callable

from media.clock import Clock
from server.services.views import User
from server.storage.port import UserStore
from signaling.ids import new_id

CACHED = 10_000


class UsersService:
    """Knows users by their identity's `sub`.

    Args:
        store: Where they are kept.
        clock: Tells creation times.
    """

    def __init__(self, store: UserStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, User] = {}
        self._watchers: list[Callable[[str], None]] = []

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Call back with the `sub` of everybody whose name or picture changed."""
        self._watchers.append(callback)

    async def ensure(self, sub: str, name: str | None = None, avatar: str | None = None) -> User:
        """The user with this `sub`, made when new and renewed when name or avatar changed."""
        known = self._known.get(sub)
        if known is not None and name in (None, known.name) and avatar in (None, known.avatar):
            return known
        wish = User(new_id(), sub, name, avatar, self._clock.utc())
        user = self._remember(await self._store.ensure_user(wish))
        if user != known:
            for watcher in self._watchers:
                watcher(sub)
        return user

    async def by_sub(self, sub: str) -> User | None:
        """The user with this `sub`, or None."""
        known = self._known.get(sub)
        if known is not None:
            return known
        user = await self._store.find_user(sub)
        return self._remember(user) if user else None

    def _remember(self, user: User) -> User:
        self._known[user.sub] = user
        if len(self._known) > CACHED:
            del self._known[next(iter(self._known))]
        return user
