"""How `/docs` shows the bodies of routes that read them themselves, to take them in any form."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

__all__ = ["json_body", "whole_schema"]


def whole_schema(model: type[BaseModel]) -> dict[str, Any]:
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


def json_body(schema: Mapping[str, Any], example: Any) -> dict[str, Any]:
    """Return what a route says of the JSON that it takes (`openapi_extra`)."""
    content = {"application/json": {"schema": dict(schema), "example": example}}
    return {"requestBody": {"required": True, "content": content}}
