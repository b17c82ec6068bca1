"""Answers that grow with the conversation: built and written in a thread, not on the event loop."""

import asyncio
from collections.abc import Callable

from fastapi import Response
from pydantic import BaseModel

__all__ = ["written"]


async def written(build: Callable[[], BaseModel]) -> Response:
    """Return the JSON of what `build` makes; live conversations go on meanwhile.

    The route names its model as `response_model`. Fields that are None are left out.
    """

    def write() -> bytes:
        return build().model_dump_json(by_alias=True, exclude_none=True).encode()

    return Response(await asyncio.to_thread(write), media_type="application/json")
