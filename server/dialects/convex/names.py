"""Names of functions: `module/path:function`, in either of the two forms that routes use."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from typing_extensions import override

from server.dialects.convex.errors import Rejection

_IDENTIFIER = re.compile(r"[A-Za-z0-9_]")
_COMPONENT = re.compile(r"[A-Za-z0-9_.]")
_MODULE_END = ".js"


@dataclass(frozen=True, slots=True)
class FunctionName:
    """Where a function is.

    Attributes:
        module: Such as `meetings/webrtc/index`, without `.js`.
        function: Such as `getActiveSessions`.
    """

    module: str
    function: str

    @override
    def __str__(self) -> str:
        return f"{self.module}:{self.function}"

    @property
    def with_suffix(self) -> str:
        """The form that names the compiled module."""
        return f"{self.module}{_MODULE_END}:{self.function}"


def read_path(path: str) -> FunctionName:
    """The name in a `path` member: it splits at the last colon; without one it is `default`.

    Raises:
        Rejection: 400 `BadConvexFunctionIdentifier`.
    """
    module, colon, function = path.rpartition(":")
    if not colon:
        module, function = path, "default"
    return _checked(path, module.split("/"), function)


def read_segments(raw: str) -> FunctionName:
    """The name in the rest of a `/api/run/` address, each part percent-encoded.

    Raises:
        Rejection: 400 `MissingIdentifier` or `BadConvexFunctionIdentifier`.
    """
    parts = [unquote(part) for part in raw.split("/") if part]
    if len(parts) < 2:
        raise Rejection(
            400,
            "MissingIdentifier",
            "Path or function name not provided in path, e.g. /api/run/messages/list",
        )
    shown = "/".join(parts[:-1]) + ":" + parts[-1]
    return _checked(shown, parts[:-1], parts[-1])


def _checked(shown: str, modules: Sequence[str], function: str) -> FunctionName:
    last = modules[-1].removesuffix(_MODULE_END)
    components = [*modules[:-1], last]
    for component in components:
        _check(
            shown, "Path component", component, _COMPONENT, "Path components can only contain "
            "alphanumeric characters, underscores, or periods",
        )  # fmt: skip
    _check(
        shown, "Identifier", function, _IDENTIFIER, "Identifiers can only contain alphanumeric "
        "characters or underscores",
    )  # fmt: skip
    return FunctionName("/".join(components), function)


def _check(shown: str, kind: str, text: str, allowed: re.Pattern[str], rule: str) -> None:
    bad = next((character for character in text if not allowed.match(character)), None)
    if bad is not None:
        problem = f"{kind} {text} has invalid character '{bad}': {rule}"
    elif not text:
        problem = f"{kind} is empty: {rule}"
    else:
        return
    raise Rejection(
        400,
        "BadConvexFunctionIdentifier",
        f"{shown} is not a valid path to a Convex function. {problem}",
    )
