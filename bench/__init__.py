"""Measures what a meeting costs, with the product itself and real WebRTC transports."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The server is started as the tests start it.
sys.path.insert(0, str(ROOT / "tests"))
