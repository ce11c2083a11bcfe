"""Says on the console who spoke for how long, and beeps when somebody has finished."""

from collections import defaultdict

import numpy as np

from server.programs import SessionAudio

BEEP = 0.2 * np.sin(2 * np.pi * 880 * np.arange(24_000) / 48_000)


async def beeper(session: SessionAudio) -> None:
    """Listen until the session ends; each frame is about 20 ms of one speaker."""
    said = defaultdict(list)
    async for frame in session.speakers(rate=16_000):
        said[frame.name].append(frame.samples)
        if frame.ends:
            sound = np.concatenate(said.pop(frame.name))
            print(f"{frame.name} spoke for {len(sound) / frame.rate:.1f} s", flush=True)
            await session.say(BEEP)
