"""Small helpers under their path in Symbl's package."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from symbl import AuthenticationToken
from symbl._models import Entities, Model, snake

__all__ = [
    "correct_boolean_values",
    "dictionary_to_valid_json",
    "initialize_api_client",
    "insert_valid_boolean_values",
    "merge_two_dicts",
    "parse_entity_response",
]

P = ParamSpec("P")
R = TypeVar("R")


def correct_boolean_values(dictionary: dict[str, Any]) -> dict[str, Any]:
    """The same dict with booleans as the words `true` and `false`."""
    for key, value in dictionary.items():
        if isinstance(value, bool):
            dictionary[key] = "true" if value else "false"
    return dictionary


def insert_valid_boolean_values(dictionary: dict[str, Any]) -> dict[str, Any]:
    """The same dict with the words `true` and `false` as booleans, also one level down."""
    words = {"true": True, "false": False}
    for key, value in dictionary.items():
        if isinstance(value, dict):
            value.update({name: words[item] for name, item in value.items() if item in ("true", "false")})
        elif value in ("true", "false"):
            dictionary[key] = words[value]
    return dictionary


def dictionary_to_valid_json(dictionary: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with snake_case keys and lists and dicts as JSON."""
    return {
        snake(key): json.dumps(value) if isinstance(value, (list, dict)) else value
        for key, value in dictionary.items()
    }


def initialize_api_client(function: Callable[P, R]) -> Callable[P, R]:
    """Fetch a token before the function runs, with its `credentials` keyword."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        credentials = kwargs.get("credentials")
        AuthenticationToken.get_api_client(credentials if isinstance(credentials, Mapping) else None)
        return function(*args, **kwargs)

    return wrapper


def parse_entity_response(api_response: Any) -> dict[str, Any]:
    """Entities as a dict without empty fields."""
    items = [item.to_dict() if isinstance(item, Model) else dict(item) for item in api_response.entities]
    return Entities.read({"entities": items})


def merge_two_dicts(x: Mapping[str, Any], y: Mapping[str, Any]) -> dict[str, Any]:
    """Both as one; the second wins."""
    return {**x, **y}
