"""What a function is called with besides its arguments."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.auth.principal import ANONYMOUS, Principal
from server.services.context import App

if TYPE_CHECKING:
    from server.dialects.convex.deployment import Deployment


@dataclass(slots=True)
class Context:
    """One call.

    Attributes:
        deployment: The dialect's own state.
        principal: Who calls.
        credential: What the caller showed; joining a meeting shows it again.
        address: Where the caller is, for rate limits.
        reads: Topics that the answer depends on; a query adds to them.
    """

    deployment: "Deployment"
    principal: Principal = ANONYMOUS
    credential: str | None = None
    address: str | None = None
    reads: set[str] = field(default_factory=set)

    @property
    def app(self) -> App:
        """The process's parts."""
        return self.deployment.app
