"""Operations written once for both clients: the method builds a request, its object's class sends it.

    class ConversationOperations:
        @operation
        def get_members(self, conversation_id: object) -> Request[models.Members]:
            "Who took part."

On an object that is `Blocking` the method returns `Members`; on one that is `Awaited` it is a coroutine.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from symbl._calls import Call
from symbl._session import AsyncSession, BaseSession, Session
from symbl._settings import Credentials

__all__ = ["Awaited", "Blocking", "Login", "Request", "bound", "operation"]

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Login = Mapping[str, Any] | Credentials | None
log = logging.getLogger("symbl")

_MASK = {"message": "The conversationId is either invalid or does not exist."}


@dataclass(frozen=True, slots=True)
class Request(Generic[T_co]):
    """What to ask, and whom; without a call there is nothing to ask about, and the answer is `None`."""

    call: Call[T_co] | None
    credentials: Login = None
    base_url: str | None = None
    none_if_failed: bool = False
    """Whether a failure is answered with `None`, not with a dict, unless the session is strict."""


class Blocking:
    """Sends requests and waits for the answers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _send(self, request: Request[T]) -> T:
        if request.call is None:
            return cast(T, _nothing())
        target = self._session.target(request.credentials, request.base_url)
        self._session.token(target)
        try:
            return self._session.run(request.call, target)
        except Exception as error:
            return _masked(request, self._session, error)


class Awaited:
    """Sends requests in asyncio."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def _send(self, request: Request[T]) -> T:
        if request.call is None:
            return cast(T, _nothing())
        target = self._session.target(request.credentials, request.base_url)
        await self._session.token(target)
        try:
            return await self._session.run(request.call, target)
        except Exception as error:
            return _masked(request, self._session, error)


def _nothing() -> None:
    log.error("Conversation not initialized")


def _masked(request: Request[T], session: BaseSession, error: Exception) -> T:
    """What a failure is answered with; raises when the session is strict."""
    if session.settings.strict:
        raise error
    log.warning("symbl: %s", error)
    return cast(T, None if request.none_if_failed else dict(_MASK))


class operation(Generic[P, T]):
    """Makes of a method that returns a `Request` one that sends it and returns the answer."""

    def __init__(self, method: Callable[Concatenate[Any, P], Request[T]]) -> None:
        self._method = method

    @overload
    def __get__(self, sender: Blocking, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, sender: Awaited, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, sender: None, owner: type) -> Callable[Concatenate[Any, P], Any]: ...
    def __get__(self, sender: object, owner: type) -> Any:
        answer = self._method.__annotations__["return"].removeprefix("Request[").removesuffix("]")
        return bound(self._method, sender, owner, answer)


def bound(method: Callable[..., Any], sender: Any, owner: Any, answer: str) -> Callable[..., Any]:
    """Return the method that `sender`, or with None its class, has from what builds the request.

    `answer` is what its signature says that it returns.
    """

    @functools.wraps(method)
    def blocking(sender: Any, /, *arguments: Any, **named: Any) -> Any:
        return sender._send(method(sender, *arguments, **named))

    @functools.wraps(method)
    async def awaited(sender: Any, /, *arguments: Any, **named: Any) -> Any:
        return await sender._send(method(sender, *arguments, **named))

    function: Any = awaited if inspect.iscoroutinefunction(getattr(owner, "_send", None)) else blocking
    function.__signature__ = inspect.signature(method).replace(return_annotation=answer)
    made: Callable[..., Any] = function if sender is None else function.__get__(sender)
    return made
