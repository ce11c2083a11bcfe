"""How the kernel takes and gives many datagrams at once, through cffi's ABI mode: nothing compiles.

Layouts are Linux'; elsewhere the calls are not found, and datagrams go one by one.
"""

import platform
import socket
import struct
from collections.abc import Callable

from cffi import FFI

from media.plane.port import Address

DONT_WAIT = 0x40  # MSG_DONTWAIT on Linux

ffi = FFI()
ffi.cdef("""
struct iovec { void *iov_base; size_t iov_len; };
struct msghdr { void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
                void *msg_control; size_t msg_controllen; int msg_flags; };
struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
int sendmmsg(int, struct mmsghdr *, unsigned int, int);
int recvmmsg(int, struct mmsghdr *, unsigned int, int, void *);
""")


def find_call(name: str) -> Callable[..., int] | None:
    """`sendmmsg` or `recvmmsg` of the C library, None where it is missing."""
    if platform.system() != "Linux":
        return None
    try:
        call: Callable[..., int] = getattr(ffi.dlopen(None), name)
    except (AttributeError, OSError):
        return None
    return call


def socket_address(family: int, address: Address) -> bytes:
    """A numeric host and port as the kernel has them: `sockaddr_in` or `sockaddr_in6`.

    Args:
        family: `socket.AF_INET` or `socket.AF_INET6`.
        address: Numeric host and port.
    """
    packed = socket.inet_pton(family, address[0])
    head = struct.pack("=H", family) + struct.pack("!H", address[1])
    if family == socket.AF_INET:
        return head + packed + bytes(8)
    return head + bytes(4) + packed + bytes(4)  # no flow, no scope


def host_and_port(raw: bytes | memoryview) -> Address:
    """What `socket_address` packed."""
    family = struct.unpack_from("=H", raw)[0]
    port = struct.unpack_from("!H", raw, 2)[0]
    packed = raw[4:8] if family == socket.AF_INET else raw[8:24]
    return socket.inet_ntop(family, packed), port
