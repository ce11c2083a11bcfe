"""The conformance page names every method of the SDK, and no other."""

import inspect
import re
from pathlib import Path

from cloudflare import Cloudflare

PAGE = Path(__file__).parents[2] / "docs/reference/realtimekit-conformance.md"
RESOURCES = (
    "apps", "meetings", "active_session", "sessions", "recordings", "presets", "webhooks",
    "analytics", "livestreams",
)  # fmt: skip


def test_the_page_lists_every_method_of_the_sdk():
    listed = set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", PAGE.read_text(), re.MULTILINE))
    with Cloudflare(api_token="unused") as client:
        known = {
            f"{resource}.{name}"
            for resource in RESOURCES
            for name, _ in inspect.getmembers(
                getattr(client.realtime_kit, resource), inspect.ismethod
            )
            if not name.startswith("_")
        }
    assert listed == known
    assert len(known) == 55
