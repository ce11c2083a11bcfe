"""Which of the product's modules import which while they are imported themselves."""

import ast
from collections.abc import Iterator
from functools import cache

from repo.tree import modules, read


@cache
def imports() -> dict[str, frozenset[str]]:
    """Each module's name, with the names of those that it imports as it runs."""
    paths = {".".join(path.with_suffix("").parts): path for path in modules()}
    known = frozenset(paths)
    return {name: frozenset(imported(read(path), known)) for name, path in paths.items()}


def imported(source: str, known: frozenset[str]) -> set[str]:
    """The known modules that this text imports outside functions and type checking."""
    names: set[str] = set()
    for node in _running(ast.parse(source).body):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        else:
            names.add(str(node.module))
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names & known


def _running(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _running(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in ("body", "handlers", "orelse", "finalbody"):
                for inner in getattr(node, part, []):
                    yield from _running(
                        inner.body if isinstance(inner, ast.ExceptHandler) else [inner]
                    )
