"""Incoming datagrams, many with one call of the kernel.

Where `recvmmsg` does not exist (macOS, Windows) datagrams are read one by one into the same memory.
"""

import errno
import os
import socket
import struct
from collections.abc import Hashable, Sequence
from typing import Any

from media.plane.datagram_kernel import (
    DONT_WAIT,
    ffi,
    find_call,
    host_and_port,
    socket_address,
)
from media.plane.port import Address

CAPACITY = 64  # datagrams of one call
STRIDE = 2048  # more than any datagram that is not dropped for its size
_NAME = 32  # a sockaddr_in6 of 28 bytes, rounded up
_MESSAGE = 64  # struct mmsghdr
_LENGTH_AT = 56  # msg_len in it
_LATER = (errno.EAGAIN, errno.EINTR)

_wide = struct.Struct("=LxxxxQQ").unpack  # family and port, flow, address


class Inbox:
    """Fixed memory for what one socket has received.

    Args:
        udp: The socket; never blocks.
        use_recvmmsg: False reads datagram by datagram, as on systems without the call.

    Attributes:
        views: Memory of each place, `STRIDE` bytes; valid until the next `receive`.
    """

    def __init__(self, udp: socket.socket, *, use_recvmmsg: bool = True) -> None:
        self._udp = udp
        self._descriptor = udp.fileno()
        self._family = int(udp.family)
        self._memory = bytearray(CAPACITY * STRIDE)
        whole = memoryview(self._memory)
        self.views = [whole[at : at + STRIDE] for at in range(0, len(whole), STRIDE)]
        self._receive = find_call("recvmmsg") if use_recvmmsg else None
        self._singles: list[tuple[Address, int]] = []
        if self._receive is not None:
            self._prepare()

    def receive(self) -> int:
        """Read what waits, `CAPACITY` datagrams at most.

        Returns:
            How many; fewer than `CAPACITY` when nothing is left.

        Raises:
            OSError: The socket is broken.
        """
        if self._receive is None:
            return self._receive_singly()
        count = self._receive(self._descriptor, self._messages, CAPACITY, DONT_WAIT, ffi.NULL)
        if count >= 0:
            return count
        if ffi.errno in _LATER:
            return 0
        raise OSError(ffi.errno, os.strerror(ffi.errno))

    def sizes(self, count: int) -> Sequence[int]:
        """Octets of the first datagrams; one that did not fit is as long as its place."""
        if self._receive is None:
            return [size for _, size in self._singles]
        step = _MESSAGE // 4
        return self._words[_LENGTH_AT // 4 : count * step : step].tolist()

    def peers(self, count: int) -> Sequence[Hashable]:
        """Who sent them, as `peer` names them."""
        if self._receive is None:
            return [address for address, _ in self._singles]
        if self._family == socket.AF_INET:
            return self._names[: count * (_NAME // 8) : _NAME // 8].tolist()
        raw = self._raw_names
        return [_wide(raw[at : at + 24]) for at in range(0, count * _NAME, _NAME)]

    def address(self, index: int) -> Address:
        """Numeric host and port of one of them."""
        if self._receive is None:
            return self._singles[index][0]
        at = index * _NAME
        return host_and_port(self._raw_names[at : at + _NAME])

    def peer(self, address: Address) -> Hashable:
        """What `peers` says of datagrams from this address; cheaper to look up than text."""
        if self._receive is None:
            return address
        raw = socket_address(self._family, address)
        if self._family == socket.AF_INET:
            return int(struct.unpack_from("=Q", raw)[0])
        return _wide(raw[:24])

    def _receive_singly(self) -> int:
        self._singles = []
        for view in self.views:
            try:
                size, address = self._udp.recvfrom_into(view)
            except (BlockingIOError, InterruptedError):
                break
            self._singles.append((address[:2], size))
        return len(self._singles)

    def _prepare(self) -> None:
        """Tell the kernel where datagrams and their senders go."""
        self._held = ffi.from_buffer(self._memory)
        names = ffi.new("char[]", CAPACITY * _NAME)
        vectors = ffi.new("struct iovec[]", CAPACITY)
        messages: Any = ffi.new("struct mmsghdr[]", CAPACITY)
        for index in range(CAPACITY):
            vectors[index].iov_base = self._held + index * STRIDE
            vectors[index].iov_len = STRIDE
            header = messages[index].msg_hdr
            header.msg_name = names + index * _NAME
            header.msg_namelen = _NAME  # of one family, so what the kernel writes there stays right
            header.msg_iov = vectors + index
            header.msg_iovlen = 1
        self._kept = (names, vectors)
        self._messages = messages
        self._words = memoryview(ffi.buffer(messages)).cast("B").cast("I")
        self._raw_names = memoryview(ffi.buffer(names)).cast("B")
        self._names = self._raw_names.cast("Q")
