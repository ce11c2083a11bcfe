"""`python -m bench`: what meetings cost on pinned cores, as a table or JSON, or beside Janus."""

import argparse
import asyncio
import json
import os
import socket
import sys
from collections.abc import Sequence

from bench import janus
from bench.roomtone import Roomtone
from bench.scenario import SCENARIOS, Figures, Scenario, measure
from bench.speech import speech_packets

_DEFAULT = ("audio 10", "audio 50", "audio 50 dtx", "audio 100", "40 x 5", "video 1 to 50")
_AGAINST_JANUS = ("audio 100",)
_SAME_IN_JANUS = tuple(name for name, each in SCENARIOS.items() if not each.cameras)
_COLUMNS = {
    "participants": "people",
    "cpu_ms_per_participant_second": "CPU ms per person and s",
    "us_per_packet_sent": "us per packet out",
    "cpu_percent": "CPU %",
    "latency_ms_p50": "latency ms p50",
    "latency_ms_p95": "p95",
    "latency_ms_p99": "p99",
    "memory_kb_per_participant": "kB per person",
    "threads": "threads",
    "join_ms_p50": "join ms p50",
    "join_ms_max": "max",
    "join_cpu_ms": "join CPU ms",
    "packets_in_per_second": "in/s",
    "packets_out_per_second": "out/s",
    "delivered_percent": "delivered %",
    "load_percent": "load CPU %",
    "load_late_ms": "late ms",
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--scenarios",
        default=os.environ.get("SCENARIOS", ""),
        help=f"names, separated by commas, or all; known: {', '.join(SCENARIOS)}",
    )
    parser.add_argument("--people", type=int, help="one audio meeting of so many instead")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured time of each")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--janus", action="store_true", help="compare with Janus")
    return parser.parse_args()


def _chosen(arguments: argparse.Namespace) -> list[Scenario]:
    if arguments.people:
        return [Scenario(f"audio {arguments.people}", arguments.people)]
    known = _SAME_IN_JANUS if arguments.janus else tuple(SCENARIOS)
    names: Sequence[str] = _AGAINST_JANUS if arguments.janus else _DEFAULT
    if arguments.scenarios == "all":
        names = known
    elif arguments.scenarios:
        names = [name.strip() for name in arguments.scenarios.split(",")]
    strange = [name for name in names if name not in known]
    if strange:
        sys.exit(f"Unknown scenario {strange[0]!r}; known: {', '.join(known)}")
    return [SCENARIOS[name] for name in names]


def _pin() -> int | None:
    """Keep the load on the second core; returns the server's."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None
    os.sched_setaffinity(0, {cores[1]})
    return cores[0]


def interface_address() -> str:
    """This machine's own address: Janus skips loopback. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]


async def _run(arguments: argparse.Namespace) -> list[Figures]:
    cpu, speech, figures = _pin(), speech_packets(), []
    for scenario in _chosen(arguments):
        print(f"{scenario.name} ...", file=sys.stderr, flush=True)
        async with Roomtone("127.0.0.1", cpu) as server:
            figures.append(await measure(server, scenario, arguments.seconds, speech))
    return figures


async def _compare(arguments: argparse.Namespace) -> list[Figures]:
    cpu, speech, figures = _pin(), speech_packets(), []
    address = interface_address()
    for scenario in _chosen(arguments):
        both = []
        for kind in (Roomtone, janus.Janus):
            async with kind(address, cpu) as server:
                found = await measure(server, scenario, arguments.seconds, speech)
            both.append(found)
            print(f"{kind.name}: {json.dumps(found.as_dict())}", file=sys.stderr, flush=True)
        ours, theirs = (each.cpu_ms_per_participant_second for each in both)
        print(
            f"{scenario.name}: roomtone {ours:g}, janus {theirs:g} CPU ms per person and s",
            file=sys.stderr,
        )
        print(f"{scenario.name} ratio {ours / theirs:.3f}", flush=True)
        figures += both
    return figures


def _print_table(figures: Sequence[Figures]) -> None:
    rows = [["scenario", *_COLUMNS.values()]]
    rows += [
        [each.scenario, *(f"{each.as_dict()[name]:g}" for name in _COLUMNS)] for each in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    if arguments.janus:
        if not janus.installed():
            sys.exit("The comparison needs the program janus: install the package janus.")
        asyncio.run(_compare(arguments))
        return
    figures = asyncio.run(_run(arguments))
    if arguments.json:
        print(json.dumps([each.as_dict() for each in figures], indent=2))
    else:
        _print_table(figures)


main()
