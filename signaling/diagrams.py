"""Draws the machines' tables as the page `docs/reference/state-machines.md`."""

import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from signaling import connection_machine, session_machine, visitor_machine
from signaling.model import ConnectionState, SessionState, VisitorState

_INTRODUCTION: Final = """\
# State machines

Drawn from the tables in the code by `python -m signaling.diagrams`; a test fails when this page is
stale. The arrows show what changes the state; the tables below them show every event, also those
that change nothing. A dash means that the event cannot happen in that state.
"""

_CONNECTION: Final = """\
A Connection is `connecting` from its admission and fails after 30 s. Silence of 5 s (7 s when no
media flowed) makes it `disconnected`, a packet makes it `connected` again, 30 s later it has
`failed`. `Woke` is its one alarm; what it leads to depends on when the peer was last heard.
Signaling that its client closed means that the client left once 1.5 s bring no packet; signaling
that merely fell silent changes nothing.
"""

_SESSION: Final = """\
A Session is `pending` from its first Connection or bot, `live` from the first person who is
connected, and `keep_alive` for 60 s after the last one is gone. One that never connected anybody is
discarded instead of ended.
"""

_VISITOR: Final = """\
A Visitor waits at a meeting's door where the meeting or an invitation wants it, at most 30 minutes,
and counts nowhere as joined. Whoever waits for a host alone is `admitted` when one is there. A
`dismissed` visitor waited for a meeting that was ended or a server that stops.
"""


class Row(Protocol):
    """What the tables' rows have in common."""

    @property
    def targets(self) -> Iterable[StrEnum]:
        """The states that the row may lead to."""
        ...


S = TypeVar("S", bound=StrEnum)
R = TypeVar("R", bound=Row)


def page() -> str:
    """The whole page in Markdown."""
    return "\n".join(
        [
            _INTRODUCTION,
            "## Connection\n",
            _CONNECTION,
            _diagram(connection_machine.TABLE, ConnectionState),
            _grid(connection_machine.TABLE, ConnectionState),
            "## Session\n",
            _SESSION,
            _diagram(session_machine.TABLE, SessionState),
            _grid(session_machine.TABLE, SessionState),
            "## Visitor\n",
            _VISITOR,
            _diagram(visitor_machine.TABLE, VisitorState),
            _grid(visitor_machine.TABLE, VisitorState),
        ]
    )


def _diagram(table: Mapping[tuple[S, type[object]], R], states: type[S]) -> str:
    arrows: dict[tuple[StrEnum, StrEnum], list[str]] = {}
    for (state, event), row in table.items():
        for target in row.targets:
            if target is not state:
                arrows.setdefault((state, target), []).append(event.__name__)
    first = next(iter(states))
    ends = [state for state in states if not any(source is state for source, _ in arrows)]
    lines = [
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {first}",
        *(
            f"    {source} --> {target}: {', '.join(events)}"
            for (source, target), events in arrows.items()
        ),
        *(f"    {state} --> [*]" for state in ends),
        "```",
        "",
    ]
    return "\n".join(lines)


def _grid(table: Mapping[tuple[S, type[object]], R], states: type[S]) -> str:
    events = list(dict.fromkeys(event for _, event in table))
    lines = [
        "| event | " + " | ".join(states) + " |",
        "| --- |" + " --- |" * len(states),
    ]
    for event in events:
        cells = [_cell(state, table.get((state, event))) for state in states]
        lines.append(f"| {event.__name__} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def _cell(state: StrEnum, row: Row | None) -> str:
    if row is None:
        return "-"
    return " or ".join("stays" if target is state else target for target in row.targets)


if __name__ == "__main__":
    sys.stdout.write(page())
