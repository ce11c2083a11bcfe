"""The API's description as text, for the golden copy in `docs/reference/openapi.json`.

`python -m server.api.document > docs/reference/openapi.json` renews it.
"""

import json
import sys
from importlib.metadata import version

from server.api.routes import native_routes
from server.http.openapi import Json, document


def native_document() -> Json:
    """The OpenAPI document of everything that is served natively."""
    return document(native_routes().routes, version=version("roomtone"))


def golden_text() -> str:
    """The document as it is kept in the repository."""
    return json.dumps(native_document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(golden_text())
