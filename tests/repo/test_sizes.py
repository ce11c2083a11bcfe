"""Files hold one idea and functions are short."""

import ast
import statistics
from pathlib import Path

import pytest
from repo.tree import files, modules, read

LONGEST_FILE = 600
MEDIAN_FILE = 170
LONGEST_FUNCTION = 60
CODE = {".py", ".ts", ".tsx", ".css"}


def _code() -> list[Path]:
    return [path for path in files() if path.suffix in CODE and path.name != "schema.d.ts"]


def test_no_file_is_over_the_limit():
    too_long = {str(p): n for p in _code() if (n := len(read(p).splitlines())) > LONGEST_FILE}
    assert too_long == {}


def test_the_median_module_is_small():
    assert statistics.median(len(read(path).splitlines()) for path in modules()) <= MEDIAN_FILE


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(read(path))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", modules(), ids=str)
def test_functions_are_short(path: Path):
    long = {f.name: n for f in _functions(path) if (n := _length(f)) > LONGEST_FUNCTION}
    assert long == {}
