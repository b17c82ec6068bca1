"""How `/docs` shows the Async API."""

from typing import Any

from earful.dialects.symbl.openapi import json_body, whole_schema
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

_FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}},
        "description": "The recording as a file of any name; the parameters may be fields beside it.",
    }
}


def _upload(*media_types: str) -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    parameters = []
    for name, schema in whole_schema(ProcessParameters)["properties"].items():
        structured = schema.get("type") in {"array", "object"}
        shown = {"content": {"application/json": {"schema": schema}}} if structured else {"schema": schema}
        parameters.append({"name": name, "in": "query", "required": False, **shown})
    return {
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "content": {**dict.fromkeys(media_types, binary), "multipart/form-data": _FORM},
        },
    }


TEXT_DOCS = json_body(whole_schema(TextBody), _TEXT_EXAMPLE)
URL_DOCS = json_body(whole_schema(UrlBody), _URL_EXAMPLE)
UPLOAD_DOCS = {
    "audio": _upload("audio/*", "application/octet-stream"),
    "video": _upload("video/*", "application/octet-stream"),
}
