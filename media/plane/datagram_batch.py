"""Outgoing packets, collected and handed to the kernel together.

Where `sendmmsg` does not exist (macOS, Windows) each packet goes out with `sendto` semantics of its
own.
"""

import socket
from typing import NamedTuple

from pylibsrtp._binding import ffi as srtp_ffi

from media.plane.datagram_kernel import (
    DONT_WAIT,
    ffi,
    find_call,
    host_and_port,
    socket_address,
)
from media.plane.port import Address

CAPACITY = 512  # packets; one flush of a busy fan-out
STRIDE = 1664  # a datagram of 1500 bytes and the largest SRTP trailer (144), rounded up to 64
LENGTH_STEP = 2  # 64-bit words of a struct iovec
NAME_STEP = 8  # and of a struct mmsghdr


class SocketName(NamedTuple):
    """A kernel socket address.

    Attributes:
        memory: Keeps it alive.
        place: Where it lies.
        length: Octets of it.
    """

    memory: object
    place: int
    length: int


def socket_name(family: int, address: Address) -> SocketName:
    """A kernel socket address in memory (Linux layout).

    Args:
        family: `socket.AF_INET` or `socket.AF_INET6`.
        address: Numeric host and port.
    """
    raw = socket_address(family, address)
    memory = ffi.new("char[]", raw)
    return SocketName(memory, int(ffi.cast("uintptr_t", memory)), len(raw))


class Batch:
    """Fixed memory for packets on their way out.

    The owner writes packet `count` through `view` or `pointers`, then calls the fields' setters
    by hand: everything is a plain list, because this is the innermost loop of the server.

    Attributes:
        count: Packets waiting.
        view: All packet memory as one writable buffer, `STRIDE` bytes a packet.
        pointers: Each packet's memory, for the SRTP library.
        bodies: The same, 12 bytes further: behind the fixed header.
        lengths: Each packet's size in octets at `LENGTH_STEP` times its place, plus 1.
        names: Place and length of the address that each packet goes to (`SocketName`), at
            `NAME_STEP` times its place and behind it.
        descriptors: Each packet's socket.
        sent: Packets handed to the kernel.
        dropped: Packets that the kernel refused: its buffer was full, or no route.
    """

    def __init__(self, *, use_sendmmsg: bool = True) -> None:
        self.count = 0
        self.sent = 0
        self.dropped = 0
        self._memory = srtp_ffi.new("char[]", CAPACITY * STRIDE)
        self.view = memoryview(srtp_ffi.buffer(self._memory)).cast("B")
        self.pointers = [self._memory + index * STRIDE for index in range(CAPACITY)]
        self.bodies = [pointer + 12 for pointer in self.pointers]
        base = int(srtp_ffi.cast("uintptr_t", self._memory))
        self._vector_memory = ffi.new("struct iovec[]", CAPACITY)
        self._messages = ffi.new("struct mmsghdr[]", CAPACITY)
        for index in range(CAPACITY):
            place = ffi.cast("void *", base + index * STRIDE)
            self._vector_memory[index].iov_base = place
            header = self._messages[index].msg_hdr
            header.msg_iov = self._vector_memory + index
            header.msg_iovlen = 1
        self.lengths = memoryview(ffi.buffer(self._vector_memory)).cast("B").cast("Q")
        self.names = memoryview(ffi.buffer(self._messages)).cast("B").cast("Q")
        self.descriptors = [-1] * CAPACITY
        self._sendmmsg = find_call("sendmmsg") if use_sendmmsg else None
        self._sockets: dict[int, socket.socket] = {}

    def register(self, udp: socket.socket) -> None:
        """Make a socket known, for sending without `sendmmsg`."""
        self._sockets[udp.fileno()] = udp

    def flush(self) -> None:
        """Hand everything to the kernel; what it refuses is dropped and counted."""
        total, self.count = self.count, 0
        descriptors = self.descriptors
        start = 0
        while start < total:
            descriptor = descriptors[start]
            end = start + 1
            while end < total and descriptors[end] == descriptor:
                end += 1
            if self._sendmmsg is not None:
                self._send_run(descriptor, start, end)
            else:
                self._send_singly(descriptor, start, end)
            start = end

    def _send_run(self, descriptor: int, start: int, end: int) -> None:
        send = self._sendmmsg
        assert send is not None  # noqa: S101 - flush has looked
        while start < end:
            done = send(descriptor, self._messages + start, end - start, DONT_WAIT)
            if done > 0:
                self.sent += done
                start += done
                continue
            # The first packet of the rest was refused: a full buffer refuses all of them now,
            # an unreachable peer only its own.
            if ffi.errno in _FULL:
                self.dropped += end - start
                return
            self.dropped += 1
            start += 1

    def _send_singly(self, descriptor: int, start: int, end: int) -> None:
        udp = self._sockets.get(descriptor)
        for index in range(start, end):
            size = self.lengths[LENGTH_STEP * index + 1]
            at = index * STRIDE
            try:
                if udp is None:
                    raise OSError  # noqa: TRY301 - a closed socket drops like a full one
                udp.sendto(self.view[at : at + size], self._address(index))
            except OSError:
                self.dropped += 1
            else:
                self.sent += 1

    def _address(self, index: int) -> Address:
        place, length = self.names[NAME_STEP * index : NAME_STEP * index + 2]
        return host_and_port(bytes(ffi.buffer(ffi.cast("char *", place), length)))


_FULL = (11, 105)  # EAGAIN, ENOBUFS on Linux
