import json

from server.api.document import golden_text, native_document


def test_golden_text_is_the_document_with_a_line_end() -> None:
    text = golden_text()
    assert json.loads(text) == native_document()
    assert text.endswith("}\n")
    assert golden_text() == text
