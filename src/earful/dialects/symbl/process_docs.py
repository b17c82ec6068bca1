"""How `/docs` shows the Async API, whose routes read their parameters themselves to take them in any form."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from earful.dialects.symbl.parameters import ProcessParameters, TextBody, UrlBody

__all__ = ["TEXT_DOCS", "UPLOAD_DOCS", "URL_DOCS"]

_TEXT_EXAMPLE = {
    "name": "Roastery weekly call",
    "detectPhrases": True,
    "trackers": [{"name": "Late delivery", "vocabulary": ["delivery was late", "still waiting"]}],
    "messages": [
        {
            "payload": {"content": "The last delivery was late. Can you check?", "contentType": "text/plain"},
            "from": {"name": "Ines", "userId": "ines@example.com"},
            "duration": {"startTime": "2022-03-01T09:00:00.000Z", "endTime": "2022-03-01T09:00:06.400Z"},
        }
    ],
}
_URL_EXAMPLE = {"url": "https://example.com/call.mp3", "name": "Roastery weekly call"}


def _whole(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's schema with every reference written out."""
    schema = model.model_json_schema()
    parts: Mapping[str, Any] = schema.pop("$defs", {})

    def written_out(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return written_out(parts[node["$ref"].rsplit("/", 1)[1]])
            return {key: written_out(value) for key, value in node.items()}
        if isinstance(node, list):
            return [written_out(item) for item in node]
        return node

    whole: dict[str, Any] = written_out(schema)
    return whole


def _body(model: type[BaseModel], example: Mapping[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": _whole(model), "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def _upload(*media_types: str) -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    parameters = []
    for name, schema in _whole(ProcessParameters)["properties"].items():
        structured = schema.get("type") in {"array", "object"}
        shown = {"content": {"application/json": {"schema": schema}}} if structured else {"schema": schema}
        parameters.append({"name": name, "in": "query", "required": False, **shown})
    return {
        "parameters": parameters,
        "requestBody": {"required": True, "content": dict.fromkeys(media_types, binary)},
    }


TEXT_DOCS = _body(TextBody, _TEXT_EXAMPLE)
URL_DOCS = _body(UrlBody, _URL_EXAMPLE)
UPLOAD_DOCS = {
    "audio": _upload("audio/*", "application/octet-stream"),
    "video": _upload("video/*", "application/octet-stream"),
}
