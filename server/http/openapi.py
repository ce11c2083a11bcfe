"""Writes the OpenAPI 3.1 document from the route registry."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from server.http.problem import CONTENT_TYPE, ProblemBody, phrase
from server.http.registry import Credential, Route

Json: TypeAlias = dict[str, object]

_SECURITY: list[Json] = [{"bearer": []}, {"apiKey": []}, {"cookie": []}]
_SCHEMES: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (`rt_...`), a user token or a join token.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "An API key."},
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "roomtone_session",
        "description": "Set by `POST /v1/sign-in`; for this server's own pages.",
    },
}
_DESCRIPTION = """\
Meetings over WebRTC: who is in them, second by second, and one recording for each speaker.

Every refusal is an RFC 9457 problem (`application/problem+json`) with a stable `code`. Unknown
members of a request body are ignored. Times are RFC 3339 in UTC. Lists are newest first; ask for
the next page with `cursor`.

Meeting clients speak the signaling protocol over the WebSocket at `/v1/signaling`; that is
described in `docs/reference/signaling-protocol.md`.
"""


def document(
    routes: Sequence[Route], *, version: str, also: Sequence[type[BaseModel]] = ()
) -> Json:
    """The OpenAPI document.

    Args:
        routes: What is served.
        version: Of the program.
        also: Models that belong among the components though no route answers them.
    """
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ProblemBody, "serialization")]
    for route in routes:
        if route.body is not None:
            models.append((route.body, "validation"))
        if route.answer is not None:
            models.append((route.answer, "serialization"))
    models += [(model, "serialization") for model in also]
    refs, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")
    writer = _Writer({key[0]: schema for key, schema in refs.items()})
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = writer.operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Roomtone",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This server"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(definitions.get("$defs", {}).items())),
            "securitySchemes": _SCHEMES,
        },
    }


class _Writer:
    """Writes operations, knowing where each model's schema is."""

    def __init__(self, refs: Mapping[type[object], Json]) -> None:
        self._refs = refs

    def operation(self, route: Route) -> Json:
        """One operation object (OpenAPI 3.1 section 4.8.10)."""
        operation: Json = {
            "operationId": route.operation,
            "tags": [route.tag],
            "summary": route.summary,
            "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
            "responses": self._responses(route),
            "security": _security(route),
        }
        if route.description:
            operation["description"] = route.description
        if route.body is not None:
            operation["requestBody"] = {
                "required": route.body_required,
                "content": {"application/json": {"schema": self._refs[route.body]}},
            }
        if route.takes is not None:
            operation["requestBody"] = {
                "required": True,
                "content": {route.takes: {"schema": {"type": "string"}}},
            }
        return operation

    def _responses(self, route: Route) -> Json:
        responses: dict[str, Json] = {}
        if route.answer is not None:
            responses[str(route.status)] = {
                "description": phrase(route.status),
                "content": {"application/json": {"schema": self._refs[route.answer]}},
            }
        elif not route.contents:
            responses[str(route.status)] = {"description": phrase(route.status)}
        for status, content in route.contents.items():
            merged = responses.setdefault(str(status), {"description": content.description})
            kinds = merged.setdefault("content", {}) if content.media_type else {}
            if content.media_type and isinstance(kinds, dict):
                kinds[content.media_type] = {"schema": dict(content.schema)}
            if content.headers:
                merged["headers"] = {
                    name: {"schema": {"type": "string"}} for name in content.headers
                }
        for status, codes in sorted(_problems(route).items()):
            responses.setdefault(str(status), self._problem(status, codes))
        return dict(sorted(responses.items()))

    def _problem(self, status: int, codes: tuple[str, ...]) -> Json:
        listed = ", ".join(f"`{code}`" for code in codes)
        problem: Json = {
            "description": f"{phrase(status)}: {listed}",
            "content": {CONTENT_TYPE: {"schema": self._refs[ProblemBody]}},
        }
        if status in (429, 503):
            problem["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
        return problem


def _problems(route: Route) -> dict[int, tuple[str, ...]]:
    """The route's own refusals and those that its kind of request can meet."""
    problems: dict[int, tuple[str, ...]] = {500: ("internal",)}
    if route.credential is not Credential.NOT_READ:
        problems[401] = ("credential_required", "token_expired", "signature_invalid", "...")
        problems[429] = ("rate_limited",)
        problems[503] = ("keys_unavailable",)
    if route.parameters:
        problems[404] = ("not_found",)
    if route.query is not None:
        problems[422] = ("invalid_request",)
    if route.body is not None:
        problems[400] = ("malformed_json", "body_unreadable")
        problems[413] = ("body_too_large",)
        problems[415] = ("unsupported_media_type",)
        problems[422] = ("invalid_request",)
    if route.method not in ("GET", "HEAD") and route.credential is not Credential.NOT_READ:
        problems[403] = ("cross_origin",)
    for status, codes in route.problems.items():
        problems[status] = tuple(dict.fromkeys((*codes, *problems.get(status, ()))))
    return problems


def _security(route: Route) -> list[Json]:
    match route.credential:
        case Credential.NOT_READ:
            return []
        case Credential.OPTIONAL:
            return [{}, *_SECURITY]
        case Credential.REQUIRED:
            return _SECURITY


def _path_parameters(route: Route) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 128},
            "description": f"Id of the {name.removesuffix('_id').replace('_', ' ')}.",
        }
        for name in route.parameters
    ]


def _query_parameters(route: Route) -> list[Json]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema(ref_template="#/components/schemas/{model}")
    parameters: list[Json] = []
    required = schema.get("required", [])
    for name, inner in schema["properties"].items():
        description = inner.pop("description", "")
        inner.pop("title", None)
        parameters.append(
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "description": description,
                "schema": _without_null(_inlined(inner, schema.get("$defs", {}))),
            }
        )
    return parameters


def _inlined(schema: Json, definitions: dict[str, Json]) -> Json:
    """Enums of query parameters written out where they are used."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[1]
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        found = {k: v for k, v in definitions[name].items() if k not in ("title", "description")}
        return {**found, **rest}
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        return {**schema, "anyOf": [_inlined(choice, definitions) for choice in choices]}
    return schema


def _without_null(schema: Json) -> Json:
    """A query parameter is absent, never null."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema
    rest = {k: v for k, v in schema.items() if k not in ("anyOf", "default")}
    kept = [choice for choice in choices if choice != {"type": "null"}]
    return {**rest, **kept[0]} if len(kept) == 1 else {**rest, "anyOf": kept}


def _headers(route: Route) -> list[Json]:
    return [
        {
            "name": header.name,
            "in": "header",
            "required": False,
            "description": header.description,
            "schema": {"type": "string"}
            | ({"examples": [header.example]} if header.example else {}),
        }
        for header in route.headers
    ]
