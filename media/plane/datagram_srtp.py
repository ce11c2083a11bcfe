"""SRTP through the library that pylibsrtp carries, in fixed buffers and without exceptions."""

from collections.abc import Callable
from typing import Any

from pylibsrtp._binding import ffi, lib

SIZE = 2048  # a datagram of 1500 bytes and the SRTCP trailer

protect = lib.srtp_protect
unprotect = lib.srtp_unprotect
memmove = ffi.memmove


class Scratch:
    """One buffer and one length that the library works on in place.

    Attributes:
        pointer: The buffer, for the library.
        view: The buffer, for Python.
        length: `length[0]` is the packet's size before and after each call.
    """

    def __init__(self) -> None:
        self.pointer: Any = ffi.new("char[]", SIZE)
        self.view = memoryview(ffi.buffer(self.pointer)).cast("B")
        self.length: Any = ffi.new("int *")

    def unprotect_rtcp(self, context: object, datagram: bytes) -> bytes | None:
        """The plain compound; None when it is forged, replayed or damaged."""
        return self._call(lib.srtp_unprotect_rtcp, context, datagram)

    def protect_rtcp(self, context: object, compound: bytes) -> bytes | None:
        """The datagram to send; None when the compound is too long or the context refuses."""
        if len(compound) > 1400:  # leaves room for the SRTCP trailer within the path's MTU
            return None
        return self._call(lib.srtp_protect_rtcp, context, compound)

    def _call(self, function: Callable[..., int], context: object, data: bytes) -> bytes | None:
        size = len(data)
        memmove(self.pointer, data, size)
        self.length[0] = size
        if function(context, self.pointer, self.length):
            return None
        return bytes(self.view[: self.length[0]])
