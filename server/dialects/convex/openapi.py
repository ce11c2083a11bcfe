"""An OpenAPI document of the dialect, with the error bodies that it really answers."""

from collections.abc import Mapping
from typing import Final

from server.dialects.convex.functions import FUNCTIONS, INDEX, Function
from server.dialects.convex.names import FunctionName
from server.dialects.convex.validators import Schema

_REJECTION: Final[Schema] = {
    "type": "object",
    "description": "No function ran.",
    "properties": {
        "code": {"type": "string", "description": "CamelCase, such as `InvalidAuthHeader`."},
        "message": {"type": "string"},
    },
    "required": ["code", "message"],
}
_FAILURE: Final[Schema] = {
    "type": "object",
    "description": "The function ran, or its arguments did not fit: HTTP 200 all the same.",
    "properties": {
        "status": {"type": "string", "enum": ["error"]},
        "errorMessage": {"type": "string"},
        "errorData": {
            "type": "object",
            "description": "Only where the refusal is expected.",
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "metadata": {"type": "object"},
                "reason": {"type": "string"},
                "statusCode": {"type": "number"},
            },
            "required": ["code", "message", "statusCode"],
        },
    },
    "required": ["status", "errorMessage"],
}
_REFUSALS: Final[Mapping[str, str]] = {
    "400": "The request cannot be read.",
    "401": "The credential is not accepted; the message says why.",
    "429": "Too many refused credentials from this address.",
    "500": "A fault of the server.",
    "503": "The identity provider's keys cannot be had now.",
}


def document(version: str) -> Schema:
    """The document: one path for each function under `/api/run`, and the general routes."""
    paths: Schema = {
        f"/api/run/{name.module}/{name.function}": {"post": _run(name, function)}
        for name, function in sorted(FUNCTIONS.items(), key=lambda one: str(one[0]))
    }
    for route in ("query", "mutation", "action"):
        paths[f"/api/{route}"] = {"post": _general(route, {})}
    timestamp = {"ts": {"type": "string", "description": "Base64 of 8 bytes."}}
    paths["/api/query_at_ts"] = {"post": _general("query", timestamp)}
    paths["/api/query_ts"] = {
        "post": {
            "operationId": "query_ts",
            "summary": "As of when a later query may ask.",
            "security": [],
            "responses": {"200": _json("A timestamp.", _members(timestamp, ["ts"]))},
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Roomtone, Convex dialect", "version": version},
        "security": [{"bearer": []}, {"key": []}],
        "paths": paths,
        "components": {
            "schemas": {"Failure": _FAILURE, "Rejection": _REJECTION} | _results(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def _results() -> Schema:
    return {
        f"{name[0].upper()}{name[1:]}Success": _members(
            {
                "status": {"type": "string", "enum": ["success"]},
                "value": function.returns.schema(),
            },
            ["status", "value"],
        )
        for name, function in sorted(INDEX.items())
    }


def _run(name: FunctionName, function: Function) -> Schema:
    title = f"{name.function[0].upper()}{name.function[1:]}Success"
    body = _members({"args": function.arguments.schema(), "format": {"type": "string"}}, ["args"])
    return {
        "operationId": f"run_{name.module.replace('/', '_')}_{name.function}",
        "summary": function.summary,
        "requestBody": {"required": True, "content": _content(body)},
        "responses": _responses({"$ref": f"#/components/schemas/{title}"}),
    }


def _general(route: str, more: Mapping[str, object]) -> Schema:
    body = _members(
        {
            "path": {"type": "string", "examples": ["meetings/webrtc/index:getActiveSessions"]},
            "args": {"type": "object"},
            "format": {"type": "string"},
            **more,
        },
        ["path", "args", *more],
    )
    value = _members(
        {"status": {"type": "string", "enum": ["success"]}, "value": {}}, ["status", "value"]
    )
    return {
        "operationId": f"{route}_at_ts" if more else route,
        "summary": f"Call a function that is a {route}.",
        "requestBody": {"required": True, "content": _content(body)},
        "responses": _responses(value),
    }


def _responses(value: Schema) -> Schema:
    answer: Schema = {"oneOf": [value, {"$ref": "#/components/schemas/Failure"}]}
    refusals = {
        status: _json(text, {"$ref": "#/components/schemas/Rejection"})
        for status, text in _REFUSALS.items()
    }
    return {"200": _json("The function's answer.", answer), **refusals}


def _json(text: str, schema: Schema) -> Schema:
    return {"description": text, "content": _content(schema)}


def _content(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _members(properties: Mapping[str, object], required: list[str]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": required}
