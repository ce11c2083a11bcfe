"""The load's media loop: one thread that sends on time and counts what arrives.

It sleeps from tick to tick and never in the kernel's poll: a thread that waits there is woken by
each packet, and the wake-up is paid by whoever sent it. Latencies are up to a tick too long.
"""

import select
import threading
import time
from collections.abc import Sequence

from bench.member import Member

TICK = 0.001  # seconds; audio packets of all members are spread over twenty of them
_AUDIO_TICKS = 20
_VIDEO_TICKS = 33
_REPORT_STEP = 200  # browsers report on video about once a second, on audio every 5 s
_CHECK_TICKS = 2500  # and check the path about every 2.5 s


class MediaLoop(threading.Thread):
    """Drives members that have connected.

    Args:
        speech: Packets that speakers repeat.
    """

    def __init__(self, speech: Sequence[bytes]) -> None:
        super().__init__(name="load", daemon=True)
        self.members: list[Member] = []
        self.cpu_seconds = 0.0
        self.late_seconds = 0.0  # the worst since somebody set it to 0
        self._speech = speech
        self._poll = select.epoll()
        self._by_descriptor: dict[int, Member] = {}
        self._stopping = threading.Event()

    def add(self, member: Member) -> None:
        """Begin to serve a member."""
        descriptor = member.transport.socket.fileno()
        self._by_descriptor[descriptor] = member
        self.members.append(member)
        self._poll.register(descriptor, select.EPOLLIN)

    def clear(self) -> list[Member]:
        """Serve nobody any more; returns who was served."""
        members, self.members = self.members, []
        for descriptor in self._by_descriptor:
            self._poll.unregister(descriptor)
        self._by_descriptor = {}
        return members

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self.join()
        self._poll.close()

    def run(self) -> None:
        """Until stopped."""
        begun, tick = time.monotonic(), 0
        while not self._stopping.is_set():
            now = time.monotonic()
            while (due := begun + tick * TICK) <= now:
                self.late_seconds = max(self.late_seconds, time.monotonic() - due)
                self._tick(tick)
                tick += 1
            self._receive()
            time.sleep(max(0.0, begun + tick * TICK - time.monotonic()))
            self.cpu_seconds = time.thread_time()

    def _tick(self, tick: int) -> None:
        members = self.members
        for member in members[tick % _AUDIO_TICKS :: _AUDIO_TICKS]:
            member.speak(self._speech)
        for member in members[tick % _VIDEO_TICKS :: _VIDEO_TICKS]:
            if member.filming:
                member.film()
        for member in members[tick % _CHECK_TICKS :: _CHECK_TICKS]:
            member.transport.check()
        if tick % _REPORT_STEP == 0:
            step = tick // _REPORT_STEP
            for member in members:
                if (step + member.number) % (5 if member.watches else 25) == 0:
                    member.report()

    def _receive(self) -> None:
        for descriptor, _ in self._poll.poll(0):
            member = self._by_descriptor.get(descriptor)
            if member is None:
                continue
            receive, take = member.transport.socket.recv, member.take
            try:
                for _ in range(32):
                    take(receive(2048))
            except OSError:  # drained, or closed
                continue
