from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

from server.api.document import golden_text, native_document
from server.api.routes import native_routes

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "docs" / "reference" / "openapi.json"
PAGE = ROOT / "docs" / "reference" / "http-api.md"


def test_golden_copy_is_fresh() -> None:
    renew = "python -m server.api.document > docs/reference/openapi.json"
    assert GOLDEN.read_text() == golden_text(), f"stale: run {renew}"


def test_document_is_valid_openapi() -> None:
    errors = [error.message for error in OpenAPIV31SpecValidator(native_document()).iter_errors()]
    assert errors == []


def test_every_operation_has_its_own_id() -> None:
    ids = [route.operation for route in native_routes().routes]
    assert len(ids) == len(set(ids))


def test_every_refusal_is_a_problem() -> None:
    for path, item in native_document()["paths"].items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (path, method)


def test_every_route_is_on_the_reference_page() -> None:
    page = PAGE.read_text()
    missing = {route.path for route in native_routes().routes if f"`{route.path}`" not in page}
    assert missing == set()
