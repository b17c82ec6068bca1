"""A stand-in for the streaming server: it replays a script as frames, and misbehaves when told to.

For what a page must do when the real server will not oblige: refuse a stream, lose a connection, send
an error. The pages, the accounts and the token route are the real ones.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from starlette.responses import JSONResponse

from earful.accounts.service import Accounts
from earful.accounts.types import Credentials
from earful.dialects.symbl.auth import token_router
from earful.dialects.symbl.errors import install_error_handlers
from earful.pages import router as pages_router
from earful.settings import Settings
from earful.store.database import Database

__all__ = ["CONVERSATION_ID", "Behaviour", "replay_app"]

CONVERSATION_ID = "4893210077665432"
_BEGAN = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


@dataclass(slots=True)
class Behaviour:
    """What the stand-in does next, and what it has seen so far."""

    turns: list[dict[str, Any]] = field(default_factory=list)
    refuse: int | None = None
    lose_after: int | None = None
    complain: str | None = None
    credentials: Credentials | None = None
    starts: list[dict[str, Any]] = field(default_factory=list)
    audio_bytes: int = 0
    sockets: list[str] = field(default_factory=list)


def replay_app(settings: Settings, behaviour: Behaviour) -> FastAPI:
    """Return the application; its default application is made at start."""
    database = Database(settings.database)
    accounts = Accounts(database)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await database.start()
        behaviour.credentials = await accounts.ensure_default()
        yield
        await database.close()

    app = FastAPI(lifespan=lifespan)
    app.state.accounts = accounts
    install_error_handlers(app)
    app.include_router(token_router(accounts))
    app.include_router(pages_router(accounts, settings))

    @app.get("/v1/conversations/{conversation_id}")
    async def conversation(conversation_id: str) -> JSONResponse:
        if behaviour.refuse is not None:
            return JSONResponse({"message": "Every stream of this server is taken."}, behaviour.refuse)
        return JSONResponse({"message": "unknown"}, 404)

    @app.websocket("/v1/streaming/{connection_id}")
    async def streaming(socket: WebSocket, connection_id: str) -> None:
        token = socket.scope["subprotocols"][0]
        await accounts.verify(token)
        if behaviour.refuse is not None:
            await socket.close(1013)
            return
        await socket.accept(token)
        behaviour.sockets.append(connection_id)
        try:
            await _stream(socket, behaviour)
        except WebSocketDisconnect:
            return

    return app


async def _stream(socket: WebSocket, behaviour: Behaviour) -> None:
    heard = 0
    pending = list(_frames(behaviour.turns))
    while True:
        received = await socket.receive()
        if received["type"] == "websocket.disconnect":
            return
        if received.get("text"):
            request = json.loads(received["text"])
            if request["type"] == "start_request":
                behaviour.starts.append(request)
                for message in _opening():
                    await socket.send_json(message)
                if behaviour.complain:
                    await socket.send_json(_platform("error", details=behaviour.complain))
            else:
                for _at, frame in pending:
                    await socket.send_json(frame)
                await socket.send_json(_platform("recognition_stopped"))
                await socket.send_json(_platform("conversation_completed", conversationId=CONVERSATION_ID))
                await socket.close(1000)
                return
            continue
        heard += len(received["bytes"])
        behaviour.audio_bytes += len(received["bytes"])
        if behaviour.lose_after is not None and behaviour.audio_bytes > behaviour.lose_after:
            behaviour.lose_after = None
            await socket.close(1011)
            return
        while pending and pending[0][0] <= heard / 32_000:
            await socket.send_json(pending.pop(0)[1])
        await asyncio.sleep(0)


def _opening() -> list[dict[str, Any]]:
    data = {"conversationId": CONVERSATION_ID}
    return [
        _platform("conversation_created", data=data),
        _platform("started_listening"),
        _platform("recognition_started", data=data),
    ]


def _platform(type: str, **body: Any) -> dict[str, Any]:
    return {"type": "message", "message": {"type": type, **body}}


def _result(text: str, final: bool, person: dict[str, str]) -> dict[str, Any]:
    alternatives = [{"transcript": text, "confidence": 0.9, "words": []}]
    return _platform(
        "recognition_result",
        isFinal=final,
        payload={"raw": {"alternatives": alternatives}},
        punctuated={"transcript": text},
        user=person,
    )


def _frames(turns: list[dict[str, Any]]) -> Iterable[tuple[float, dict[str, Any]]]:
    """Yield each frame with the second of audio at which it is due."""
    for index, turn in enumerate(turns):
        person = {"id": turn["speaker"], "name": turn["speaker"], "userId": turn["speaker"]}
        words = turn["text"].split()
        for count in range(1, len(words)):
            at = turn["start"] + (turn["end"] - turn["start"]) * count / len(words)
            yield at, _result(" ".join(words[:count]), False, person)
        yield turn["end"], _result(turn["text"], True, person)
        identity = f"message-{index}"
        start, end = (_BEGAN + timedelta(seconds=turn[key]) for key in ("start", "end"))
        message = {
            "id": identity,
            "from": person,
            "payload": {"content": turn["text"], "contentType": "text/plain"},
            "duration": {
                "startTime": start.isoformat(),
                "endTime": end.isoformat(),
                "timeOffset": turn["start"],
                "duration": turn["end"] - turn["start"],
            },
        }
        yield turn["end"], {"type": "message_response", "messages": [message], "sequenceNumber": index}
        for kind, text, *due in turn.get("insights", []):
            insight = {
                "id": f"{kind}-{index}",
                "type": kind,
                "text": text,
                "payload": {"content": text, "contentType": "text/plain"},
                "from": person,
                "assignee": person,
                "messageReference": {"id": identity},
            }
            if due:
                insight["dueBy"] = {"value": due[0]}
            yield turn["end"], {"type": "insight_response", "insights": [insight]}
        for topic in turn.get("topics", []):
            yield (
                turn["end"],
                {
                    "type": "topic_response",
                    "topics": [
                        {
                            "id": f"topic-{topic}",
                            "phrases": topic,
                            "rootWords": [{"text": topic}],
                            "score": 0.8,
                            "messageReferences": [{"id": identity, "relation": "text instance"}],
                        }
                    ],
                },
            )
