"""What a process used, as the kernel counts it (proc(5))."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """A process at one moment.

    Attributes:
        cpu_ns: Nanoseconds on a core, all threads together, those that ended left out.
        resident_bytes: Memory in RAM.
        threads: Threads alive.
    """

    cpu_ns: int
    resident_bytes: int
    threads: int


def usage(pid: int) -> Usage:
    """Read the counters of a process."""
    process = Path(f"/proc/{pid}")
    cpu = threads = 0
    for task in (process / "task").iterdir():
        try:
            cpu += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:  # the thread ended between listing and reading
            continue
        threads += 1
    resident = next(
        int(line.split()[1]) * 1024
        for line in (process / "status").read_text().splitlines()
        if line.startswith("VmRSS:")
    )
    return Usage(cpu, resident, threads)
