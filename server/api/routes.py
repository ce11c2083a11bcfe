"""Every native route in the order of the documentation."""

from server.api import (
    bots,
    meetings,
    participants,
    quality,
    recordings,
    sessions,
    shares,
    sign_in,
    signaling,
    system,
    transcripts,
    visitors,
)
from server.http.registry import Registry


def native_routes() -> Registry:
    """A registry of all native routes."""
    registry = Registry()
    for module in (
        meetings,
        sessions,
        quality,
        participants,
        visitors,
        recordings,
        transcripts,
        bots,
        shares,
        signaling,
        sign_in,
        system,
    ):
        registry.include(module.routes)
    return registry
