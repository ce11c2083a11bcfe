"""Turns the text of a request into validated models, and what is wrong with it into problems."""

from collections.abc import Iterable
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from server.http.problem import FieldError, Problem

Model = TypeVar("Model", bound=BaseModel)

_MAX_ERRORS = 20  # a page of them helps nobody
_MAX_MESSAGE = 300


async def read_body(request: web.Request, model: type[Model], *, required: bool) -> Model:
    """The JSON body as a model; an absent optional body counts as `{}`.

    Raises:
        Problem: 400 malformed or missing, 413 too large, 415 not JSON, 422 not valid.
    """
    if request.body_exists:
        _check_content_type(request)
    try:
        raw = await request.read()
    except (web.RequestPayloadError, ValueError) as error:
        raise Problem(400, "body_unreadable", "The request body could not be read.") from error
    if not raw:
        if required:
            raise Problem(400, "body_required", "A JSON object is needed as the request body.")
        raw = b"{}"
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        if any(detail["type"] == "json_invalid" for detail in details):
            message = f"The request body is not JSON: {details[0]['msg']}."
            raise Problem(400, "malformed_json", message[:_MAX_MESSAGE]) from error
        raise invalid_request("body", details) from error


def read_query(request: web.Request, model: type[Model]) -> Model:
    """The query parameters as a model; unknown ones are ignored.

    Raises:
        Problem: 422 when one is not valid or given twice.
    """
    known = {field.alias or name for name, field in model.model_fields.items()}
    given = {key: request.query.getall(key) for key in request.query if key in known}
    twice = sorted(key for key, values in given.items() if len(values) > 1)
    if twice:
        raise _invalid(
            [FieldError(where="query", field=key, message="Given twice.") for key in twice]
        )
    try:
        return model.model_validate_strings({key: values[0] for key, values in given.items()})
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise invalid_request("query", details) from error


def invalid_request(where: str, details: Iterable[ErrorDetails]) -> Problem:
    """Every complaint of pydantic's as one problem."""
    return _invalid(
        [
            FieldError(
                where=where,
                field=".".join(str(part) for part in detail["loc"])[:_MAX_MESSAGE],
                message=detail["msg"][:_MAX_MESSAGE],
            )
            for detail in details
        ]
    )


def _invalid(errors: list[FieldError]) -> Problem:
    first = errors[0]
    place = f"{first.where} {first.field}".strip()
    return Problem(
        422,
        "invalid_request",
        f"{place}: {first.message}",
        data={"errors": [error.model_dump() for error in errors[:_MAX_ERRORS]]},
    )


def _check_content_type(request: web.Request) -> None:
    kind = request.content_type.lower()
    if kind == "application/json" or kind.endswith("+json"):
        return
    raise Problem(
        415,
        "unsupported_media_type",
        "Send JSON with the header Content-Type: application/json.",
        headers={"Accept": "application/json"},
    )
