"""Messages in pieces over one stream socket: four bytes of length, then the message."""

import asyncio
import contextlib
import socket
import struct

from media.workers.messages import WireError

_LENGTH = struct.Struct("!I")
MAX_MESSAGE = 16 << 20
"""A pulse about 1,000 connections is 1 MB; anything beyond this is a bug on the other side."""
MAX_WAITING = 64 << 20
"""Bytes not taken by the other side: it hangs, and is better replaced."""


class Channel:
    """Both directions between the control process and one worker.

    Args:
        reader: What the other side says.
        writer: Where to speak.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> "Channel":
        """A channel over one end of a socket pair, which it owns from now on."""
        end.setblocking(False)  # noqa: FBT003  (the only way to say it)
        return cls(*await asyncio.open_unix_connection(sock=end, limit=1 << 20))

    def send(self, message: bytes) -> None:
        """Queue a message; nothing happens once the channel is closed.

        Raises:
            WireError: The other side has not taken what waits already.
        """
        transport = self._writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > MAX_WAITING:
            transport.abort()
            raise WireError("the other side takes no messages")
        self._writer.write(_LENGTH.pack(len(message)) + message)

    async def receive(self) -> bytes | None:
        """The next message; None at the end.

        Raises:
            WireError: It is longer than any message may be.
        """
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > MAX_MESSAGE:
                raise WireError(f"a message of {length} bytes")
            return await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def flush(self) -> None:
        """Wait until most of what waits was taken."""
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def close(self) -> None:
        """Close both directions."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
