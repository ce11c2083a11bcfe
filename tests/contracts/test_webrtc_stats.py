"""What the pages send of `getStats` has the names of W3C webrtc-stats, and no others."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STANDARD = json.loads((Path(__file__).parent / "webrtc_stats.json").read_text())
SENT = json.loads((ROOT / "web" / "src" / "rtc" / "stats-members.json").read_text())


@pytest.mark.parametrize("kind", SENT)
def test_every_member_that_is_sent_is_the_standards(kind: str):
    assert set(SENT[kind]) <= set(STANDARD[kind])


@pytest.mark.parametrize("module", ["signaling/client_stats.py", "server/services/quality_now.py"])
def test_every_member_that_is_read_is_sent(module: str):
    source = (ROOT / module).read_text()
    read = set(re.findall(r'(?:entry\.get\(|_number\(entry, )"(\w+)"', source))
    assert read
    assert read <= set().union(*SENT.values())
