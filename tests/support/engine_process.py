"""An engine in a process of its own, so that its threads can be told from its clients'.

One JSON object a line on standard input: {"name", "offer"} is answered with {"answer"}, {} with the
process's {"threads"} and {"packets"} forwarded so far.
"""

import asyncio
import json
import sys
from pathlib import Path

from media.clock import SystemClock
from media.engine.engine import Engine
from media.types import ConnectionSpec, RtcSettings


class Deaf:
    """A listener that does not care."""

    def __getattr__(self, name):
        return lambda *facts: None


def threads():
    return sorted((task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir())


async def main():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    settings = RtcSettings(0, ("127.0.0.1",), ("127.0.0.1",))
    engine = Engine(settings, SystemClock(), lambda name, error: sys.exit(f"{name}: {error}"))
    await engine.start()
    while line := await reader.readline():
        request = json.loads(line)
        if "name" in request:
            engine.open(ConnectionSpec(request["name"], "r", request["name"], "P"), Deaf())
            answer = await engine.answer(request["name"], request["offer"], {})
            reply = {"answer": answer.sdp}
        else:
            reply = {"threads": threads(), "packets": engine.counters()["media_sent"]}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
    await engine.stop()


if __name__ == "__main__":
    asyncio.run(main())
