"""How the Symbl dialect says no over HTTP: a status, and a body of `{"statusCode": ..., "message": ...}`.

ApiError                  any status, any message
├── BadRequest            400
├── TokenRefused          401
└── ConversationNotFound  404
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

__all__ = [
    "CONVERSATION_NOT_FOUND",
    "TOKEN_REFUSED",
    "ApiError",
    "BadRequest",
    "ConversationNotFound",
    "ErrorMessage",
    "TokenRefused",
    "describe",
    "error_response",
    "install_error_handlers",
]

TOKEN_REFUSED: Final = "Token validation failed for provided token."  # noqa: S105 (a message)
CONVERSATION_NOT_FOUND: Final = "The conversationId is either invalid or does not exist."


# pydantic speaks of Python's types, clients send JSON's.
_MODEL = re.compile(r" or (?:instance of \w+|object to extract fields from)")
_PLAIN_WORDS = (("a valid tuple", "a list"), ("a valid list", "a list"), ("a valid dictionary", "an object"))


class ErrorMessage(BaseModel):
    """The body of every error."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"statusCode": 404, "message": CONVERSATION_NOT_FOUND}}
    )

    status_code: int = Field(serialization_alias="statusCode", description="The HTTP status again.")
    message: str


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class BadRequest(ApiError):
    """The request cannot be understood or asks for what cannot be."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


class TokenRefused(ApiError):
    """No token was presented, or none that is valid."""

    def __init__(self) -> None:
        super().__init__(401, TOKEN_REFUSED)


class ConversationNotFound(ApiError):
    """The application has no such conversation (or it is another application's)."""

    def __init__(self) -> None:
        super().__init__(404, CONVERSATION_NOT_FOUND)


def describe(problems: Sequence[Any]) -> str:
    """Put pydantic's list of problems into one sentence each, naming the field."""
    sentences = []
    for problem in problems:
        if problem["type"] == "json_invalid":
            sentences.append("the request body is not valid JSON")
            continue
        first, *rest = problem["loc"] or ("body",)
        # Where it stands comes first, but a field may be called "path".
        path = rest if first in ("body", "query", "path") and (rest or first != "path") else [first, *rest]
        name = ".".join(map(str, path)) or "the request body"
        reason = _MODEL.sub("", problem["msg"].removeprefix("Value error, "))
        for pythonic, plain in _PLAIN_WORDS:
            reason = reason.replace(pythonic, plain)
        sentences.append(f"{name}: {reason}")
    return "; ".join(sentences)


def error_response(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error in this dialect's form."""
    # A message may repeat what a client sent: half of a surrogate pair cannot be written.
    message = message.encode("utf-8", "replace").decode()
    return JSONResponse({"statusCode": status, "message": message}, status, headers)


def install_error_handlers(app: FastAPI) -> None:
    """Answer the errors of `app`, ours and FastAPI's own, in this dialect's form."""

    @app.exception_handler(ApiError)
    async def on_api_error(_request: Request, error: ApiError) -> JSONResponse:
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else error.headers
        return error_response(error.status, error.message, headers)

    @app.exception_handler(RequestValidationError)
    async def on_invalid_request(_request: Request, error: RequestValidationError) -> JSONResponse:
        return error_response(400, describe(error.errors()))

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        message = str(error.detail)
        headers = dict(error.headers or {})
        if error.status_code == 404:
            message = f"There is nothing at {request.url.path}."
        elif error.status_code == 405:
            message = f"{request.method} is not possible on {request.url.path}."
            headers["Allow"] = ", ".join(_methods(app, request))
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=headers)
        return error_response(error.status_code, message, headers)


def _methods(app: FastAPI, request: Request) -> list[str]:
    """Return what is possible on a path: each method has a route of its own, HEAD goes where GET does."""
    possible = [
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in app.routes)
    ]
    return sorted([*possible, "OPTIONS", *(["HEAD"] if "GET" in possible else [])])
