"""Who is calling: the token routes, and every place in a request where Symbl's clients put a token."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response, Security
from fastapi.security import APIKeyHeader, APIKeyQuery, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.requests import HTTPConnection

from earful.accounts.service import Accounts
from earful.accounts.types import AccessToken, Application, InvalidCredentials, InvalidToken
from earful.dialects.symbl.errors import ApiError, ErrorMessage, TokenRefused

__all__ = ["application_dependency", "authenticate", "presented_tokens", "token_router"]

_BEARER = "bearer "


def presented_tokens(connection: HTTPConnection) -> tuple[str, ...]:
    """Return the tokens that a request or WebSocket handshake carries, the likeliest first.

    Clients use the WebSocket subprotocol (browsers can use nothing else), `Authorization` or `x-api-key`,
    each with or without `Bearer`, or the query parameter `access_token`; some two of them at once.
    """
    found: list[str] = []
    if connection.scope["type"] == "websocket":
        found.extend(connection.scope.get("subprotocols", ()))
    for header in ("authorization", "x-api-key"):
        token = connection.headers.get(header, "").strip()
        found.append(token[len(_BEARER) :].strip() if token.lower().startswith(_BEARER) else token)
    found.extend(connection.query_params.getlist("access_token"))
    return tuple(dict.fromkeys(token for token in found if token))


async def authenticate(connection: HTTPConnection, accounts: Accounts) -> Application:
    """Return the application of the first valid token presented. Raises `InvalidToken`."""
    for token in presented_tokens(connection):
        try:
            return await accounts.verify(token)
        except InvalidToken:
            continue
    raise InvalidToken("no valid token was presented")


def application_dependency(accounts: Accounts) -> Callable[..., Awaitable[Application]]:
    """Return the FastAPI dependency that gives a route its caller, or answers 401."""

    async def application(
        request: Request,
        _bearer: Annotated[
            object, Security(HTTPBearer(auto_error=False, description="The access token."))
        ] = None,
        _header: Annotated[
            object,
            Security(APIKeyHeader(name="x-api-key", auto_error=False, description="The access token.")),
        ] = None,
        _query: Annotated[
            object,
            Security(APIKeyQuery(name="access_token", auto_error=False, description="The access token.")),
        ] = None,
    ) -> Application:
        # The three schemes above only document where a token may be; this looks in all the places.
        try:
            return await authenticate(request, accounts)
        except InvalidToken:
            raise TokenRefused from None

    return application


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class _Pair(_Body):
    app_id: str = Field(
        description="The application's id: 64 letters and digits.", min_length=1, examples=["4a7f0c9e…"]
    )
    app_secret: str = Field(
        description="The application's secret: 128 letters and digits.", min_length=1, examples=["b81d77f2…"]
    )


class GenerateToken(_Pair):
    """A request for an access token."""

    type: Literal["application"] = "application"


class RefreshToken(_Pair):
    """A request for a new token in place of an older one."""

    refresh_token: str = Field(description="An access token issued earlier; it may have run out.")


class RevokeTokens(_Pair):
    """A request to make an application's tokens worthless."""


class Token(_Body):
    """An access token. Send it as `Authorization: Bearer`, as `x-api-key` or as `?access_token=`."""

    access_token: str
    expires_in: int = Field(description="Seconds for which the token is accepted.", examples=[86400])

    @classmethod
    def of(cls, token: AccessToken) -> "Token":
        return cls(access_token=token.token, expires_in=token.expires_in)


_ERRORS: dict[int | str, dict[str, type[BaseModel] | str]] = {
    400: {"model": ErrorMessage, "description": "A field is missing or not what it should be."},
    401: {"model": ErrorMessage, "description": "The id and secret do not belong together."},
}


def token_router(accounts: Accounts) -> APIRouter:
    """Return the routes under `/oauth2` by which an application gets its tokens."""
    router = APIRouter(prefix="/oauth2", tags=["Authentication"], responses=_ERRORS)

    @router.post("/token:generate", summary="Get an access token")
    async def generate_token(body: GenerateToken) -> Token:
        """Exchange an application's id and secret for a token that other requests carry."""
        try:
            return Token.of(await accounts.issue_token(body.app_id, body.app_secret))
        except InvalidCredentials:
            raise _WrongPair from None

    @router.post("/token:refresh", summary="Replace an access token")
    async def refresh_token(body: RefreshToken) -> Token:
        """Get a new token in place of an older one, which stays valid until it runs out."""
        try:
            issued = await accounts.refresh_token(body.app_id, body.app_secret, body.refresh_token)
        except InvalidCredentials:
            raise _WrongPair from None
        except InvalidToken:
            raise TokenRefused from None
        return Token.of(issued)

    @router.delete("/token:revoke", status_code=204, summary="Revoke all access tokens")
    async def revoke_tokens(body: RevokeTokens) -> Response:
        """Make every token issued to the application so far worthless."""
        try:
            await accounts.revoke_tokens(body.app_id, body.app_secret)
        except InvalidCredentials:
            raise _WrongPair from None
        return Response(status_code=204)

    return router


class _WrongPair(ApiError):
    def __init__(self) -> None:
        super().__init__(401, "Combination of appId and appSecret is not valid.")
