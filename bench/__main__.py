"""`python -m bench`: measure meetings of several sizes and print a table or JSON."""

import argparse
import asyncio
import json
import os
import sys

from bench.meeting import Figures, measure
from bench.speech import speech_packets

_LIMIT_SECONDS = 230  # the whole run stops by itself
_COLUMNS = {
    "participants": "people",
    "cpu_ms_per_participant_second": "CPU ms per person and s",
    "cpu_percent": "CPU %",
    "idle_cpu_percent": "idle %",
    "memory_kb_per_participant": "kB per person",
    "resident_mb": "RSS MB",
    "threads": "threads",
    "join_ms_p50": "join ms p50",
    "join_ms_max": "max",
    "join_cpu_ms": "join CPU ms",
    "packets_in_per_second": "in/s",
    "packets_out_per_second": "out/s",
    "delivered_percent": "delivered %",
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--sizes", default="5,10,25", help="participants, separated by commas")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured time per size")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--janus", action="store_true", help="compare with Janus")
    return parser.parse_args()


async def _run(sizes: list[int], seconds: float) -> list[Figures]:
    cores = sorted(os.sched_getaffinity(0))
    server_core = cores[0] if len(cores) > 1 else None
    if server_core is not None:
        os.sched_setaffinity(0, {cores[1]})
    speech = speech_packets()
    figures = []
    async with asyncio.timeout(_LIMIT_SECONDS):
        for size in sizes:
            print(f"{size} participants ...", file=sys.stderr, flush=True)
            figures.append(await measure(size, seconds, speech, cpu=server_core))
    return figures


def _print_table(figures: list[Figures]) -> None:
    rows = [list(_COLUMNS.values())]
    rows += [[f"{each.as_dict()[name]:g}" for name in _COLUMNS] for each in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    if arguments.janus:
        sys.exit("The comparison with Janus is not built yet; `make bench` measures Roomtone.")
    sizes = [int(size) for size in arguments.sizes.split(",")]
    figures = asyncio.run(_run(sizes, arguments.seconds))
    if arguments.json:
        print(json.dumps([each.as_dict() for each in figures], indent=2))
    else:
        _print_table(figures)


main()
