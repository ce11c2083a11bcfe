"""Incoming datagrams, many with one call of the kernel.

`recvmmsg` through cffi's ABI mode, as `sendmmsg` in `datagram_batch`; where the call does not exist
(macOS, Windows) datagrams are read one by one into the same memory.
"""

import errno
import os
import platform
import socket
import struct
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from cffi import FFI

from media.plane.port import Address

CAPACITY = 64  # datagrams of one call
STRIDE = 2048  # more than any datagram that is not dropped for its size
_NAME = 32  # a sockaddr_in6 of 28 bytes, rounded up
_MESSAGE = 64  # struct mmsghdr
_LENGTH_AT = 56  # msg_len in it
_DONT_WAIT = 0x40  # MSG_DONTWAIT on Linux
_LATER = (errno.EAGAIN, errno.EINTR)

_ffi = FFI()
_ffi.cdef("""
struct iovec { void *iov_base; size_t iov_len; };
struct msghdr { void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
                void *msg_control; size_t msg_controllen; int msg_flags; };
struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
int recvmmsg(int, struct mmsghdr *, unsigned int, int, void *);
""")

_wide = struct.Struct("=LxxxxQQ").unpack  # family and port, flow, address


def _find_recvmmsg() -> Callable[..., int] | None:
    if platform.system() != "Linux":
        return None  # the structures above are Linux'
    try:
        call: Callable[..., int] = _ffi.dlopen(None).recvmmsg
    except (AttributeError, OSError):
        return None
    return call


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
        self._receive = _find_recvmmsg() if use_recvmmsg else None
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
        count = self._receive(self._descriptor, self._messages, CAPACITY, _DONT_WAIT, _ffi.NULL)
        if count >= 0:
            return count
        if _ffi.errno in _LATER:
            return 0
        raise OSError(_ffi.errno, os.strerror(_ffi.errno))

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
        raw = self._raw_names[at : at + _NAME]
        packed = raw[4:8] if self._family == socket.AF_INET else raw[8:24]
        return socket.inet_ntop(self._family, packed), raw[2] << 8 | raw[3]

    def peer(self, address: Address) -> Hashable:
        """What `peers` says of datagrams from this address; cheaper to look up than text."""
        if self._receive is None:
            return address
        packed = socket.inet_pton(self._family, address[0])
        start = struct.pack("=H", self._family) + struct.pack("!H", address[1])
        if self._family == socket.AF_INET:
            return int(struct.unpack("=Q", start + packed)[0])
        return _wide(start + bytes(4) + packed)

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
        self._held = _ffi.from_buffer(self._memory)
        names = _ffi.new("char[]", CAPACITY * _NAME)
        vectors = _ffi.new("struct iovec[]", CAPACITY)
        messages: Any = _ffi.new("struct mmsghdr[]", CAPACITY)
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
        self._words = memoryview(_ffi.buffer(messages)).cast("B").cast("I")
        self._raw_names = memoryview(_ffi.buffer(names)).cast("B")
        self._names = self._raw_names.cast("Q")
