"""What people say in a session of the RealtimeKit tests."""

from signaling.ids import new_id
from signaling.model import CaptionLine


def said(live, text, *, start, name="Ada"):
    return CaptionLine(
        id=new_id(),
        participant_id=live.participant_id,
        connection_id=live.id,
        name=name,
        start=start,
        end=start + 1.5,
        text=text,
        language="en",
        engine="pocketsphinx",
        words=(),
        confidence=None,
        final=True,
    )
