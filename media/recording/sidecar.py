"""The file of one track's packet log; it is second to the sound, and given up when it fails."""

import logging

from media.recording.files import AppendFile, RecordingDirectory, error_code
from media.recording.handover import ReportItem
from media.recording.rtplog import (
    RECORD,
    LogHeader,
    Mark,
    mark_record,
    packet_record,
    plain_record,
    report_record,
)
from media.recording.tap import RtpItem

FLUSH_BYTES = 25 * RECORD.size
"""500 ms of packets, about what a killed writer loses of the sound: more writes say no more."""
MAX_UNOPENED = 1 << 20
"""What a stream may log before its first good packet makes a file."""

_logger = logging.getLogger(__name__)


class Sidecar:
    """Collects the records of one RTP stream; blocking, for the writer thread only.

    Args:
        enabled: Without it nothing is collected.

    Attributes:
        name: Its file; None while there is none and after it failed.
    """

    def __init__(self, *, enabled: bool) -> None:
        self.name: str | None = None
        self._enabled = enabled
        self._file: AppendFile | None = None
        self._waiting = bytearray()
        self._high: int | None = None  # highest extended number so far

    def packet(self, item: RtpItem) -> None:
        """A packet is about to be planned."""
        if not self._enabled:
            return
        high = item.sequence if self._high is None else self._high
        step = (item.sequence - high) & 0xFFFF
        number = high + (step - 0x10000 if step >= 0x8000 else step)
        self._high = max(high, number)
        self._add(
            packet_record(item.arrival_ns, number, item.timestamp, item.payload, stored=item.stored)
        )

    def follow(self, item: RtpItem, ticks: int) -> None:
        """As `packet`, for a stored one of so many ticks that goes on where the last one ended."""
        if not self._enabled:
            return
        number = (self._high or 0) + 1
        if self._file is None or number & 0xFFFF != item.sequence:
            self.packet(item)
            return
        self._high = number
        self._waiting += plain_record(item.arrival_ns, number, item.timestamp, item.payload, ticks)

    def report(self, item: ReportItem) -> None:
        """A sender report is about to be used."""
        if self._enabled:
            self._add(report_record(item.ntp, item.timestamp))

    def mark(self, mark: Mark) -> None:
        """The writer does something else than take a packet."""
        if self._enabled:
            self._add(mark_record(mark))

    def open(self, directory: RecordingDirectory, name: str, header: LogHeader) -> None:
        """Make the file, unless there is one."""
        if not self._enabled or self._file is not None:
            return
        try:
            self._file = directory.create(name)
            self._file.append(header.encode())
            self.name = name
        except OSError as error:
            self._give_up(error)

    def flush(self, *, everything: bool = False) -> None:
        """Write what was collected when it is worth a write."""
        if self._file is None or len(self._waiting) < (1 if everything else FLUSH_BYTES):
            return
        try:
            self._file.append(bytes(self._waiting))
        except OSError as error:
            self._give_up(error)
        self._waiting.clear()

    def sync(self) -> None:
        """Bring the file to the disk."""
        self.flush(everything=True)
        if self._file is not None:
            try:
                self._file.sync()
            except OSError as error:
                self._give_up(error)

    def close(self) -> None:
        """Write everything and let go; idempotent. Another file may be opened afterwards."""
        self.sync()
        self._end()

    def _add(self, record: bytes) -> None:
        self._waiting += record
        if self._file is None and len(self._waiting) > MAX_UNOPENED:
            self._enabled = False
            self._waiting.clear()

    def _give_up(self, error: OSError) -> None:
        _logger.warning("packet log given up", extra={"code": error_code(error)})
        self._enabled = False
        self._end()

    def _end(self) -> None:
        file, self._file = self._file, None
        self._waiting.clear()
        if file is not None:
            file.close()
