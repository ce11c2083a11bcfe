"""A typed client in TypeScript, written from the table of functions."""

import json
from typing import Final

from server.dialects.convex.functions import (
    FUNCTIONS,
    INDEX,
    MODULE,
    ROOMS_MODULE,
    SIGNALING_MODULE,
    Function,
)
from server.dialects.convex.names import FunctionName

_HEAD: Final = """\
// Typed references to the functions that this server answers; needs the npm package "convex".
// Served by the server itself: fetch it again after an update.
import { makeFunctionReference } from "convex/server";
"""


def api_text() -> str:
    """The module `api.ts`: `api.meetings.webrtc.index.getActiveSessions` and the others."""
    parts = [_HEAD]
    for name, function in sorted(INDEX.items()):
        title = name[0].upper() + name[1:]
        parts += [
            f"export type {title}Args = {function.arguments.typescript};",
            f"export type {title}Result = {function.returns.typescript};",
            "",
        ]
    modules = ",\n".join(
        f"      {module.rpartition('/')[2]}: {{\n{_references(module)}\n      }}"
        for module in (MODULE, SIGNALING_MODULE, ROOMS_MODULE)
    )
    parts += ["export const api = {", "  meetings: {", "    webrtc: {", f"{modules},"]
    parts += ["    },", "  },", "};"]
    return "\n".join(parts) + "\n"


def _references(module: str) -> str:
    functions = [(name, one) for name, one in FUNCTIONS.items() if name.module == module]
    lines = [_reference(name, one) for name, one in sorted(functions, key=lambda one: str(one[0]))]
    return "\n".join(lines)


def _reference(name: FunctionName, function: Function) -> str:
    title = name.function[0].upper() + name.function[1:]
    kind = json.dumps(function.kind.value.lower())
    return (
        f"        /** {function.summary} */\n"
        f"        {name.function}: makeFunctionReference<{kind}, {title}Args, {title}Result>(\n"
        f"          {json.dumps(str(name))},\n        ),"
    )
