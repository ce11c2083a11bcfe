"""The reference page of the Convex functions says what the table says."""

from pathlib import Path

from server.dialects.convex.functions import INDEX

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/convex-functions.md"


def test_every_function_is_described_as_it_is():
    text = PAGE.read_text()
    for name, function in INDEX.items():
        section = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert section.strip().startswith(f"{function.kind}. {function.summary}"), name
        assert function.arguments.typescript in section, name
        assert function.returns.typescript in section, name
