"""Every module has its own test file, at the mirrored place."""

from pathlib import Path

from repo.tree import ROOT, modules

# Modules that hold declarations only, or that another test file covers by name. It only shrinks.
EXEMPT = {
    "media/clock.py": "the operating system's clocks behind two lines",
    "media/types.py": "data without behaviour",
    "media/video.py": "protocols and data",
    "media/errors.py": "data without behaviour",
    "media/audio/port.py": "protocols",
    "media/captions/port.py": "protocols and data",
    "media/captions/transcriber.py": "a protocol, held by tests/contracts",
    "server/api/bot_shapes.py": "data without behaviour",
    "server/api/transcript_shapes.py": "data without behaviour",
    "signaling/log.py": "data without behaviour",
    "signaling/model.py": "data without behaviour",
    "signaling/ports.py": "protocols",
    "signaling/errors.py": "data without behaviour",
    "server/connectors/browser/page.py": "protocols",
    "server/errors.py": "data without behaviour",
    "server/records.py": "data without behaviour",
    "server/services/context.py": "data without behaviour",
    "server/storage/objects.py": "a protocol, held by tests/contracts, and data",
    "server/storage/port.py": "protocols, held by tests/contracts",
    "signaling/commands.py": "data without behaviour",
    "signaling/events.py": "data without behaviour",
    "signaling/context.py": "data without behaviour",
    "signaling/settings.py": "data without behaviour",
    "signaling/outbox.py": "a protocol and its empty form",
}


def _test_of(module: Path) -> Path:
    return Path("tests") / module.parent / f"test_{module.name}"


def test_every_module_has_its_test():
    missing = [
        str(m) for m in modules() if str(m) not in EXEMPT and not (ROOT / _test_of(m)).is_file()
    ]
    assert missing == []


def test_no_exemption_is_stale():
    known = {str(module) for module in modules()}
    stale = [m for m in EXEMPT if m not in known or (ROOT / _test_of(Path(m))).is_file()]
    assert stale == []
