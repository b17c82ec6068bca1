"""Symbl's Management API: the trackers, custom entities, groups and settings of an application.

Both families of paths are served, singular and plural; where `POST /manage/trackers` means one tracker
to some clients and many to others, the body decides. See symbl-management.md.
"""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import BaseModel, Field, ValidationError, field_validator

from earful.accounts.service import Accounts
from earful.accounts.types import Application
from earful.conversation.ids import new_numeric_id
from earful.conversation.types import CustomEntity, Tracker
from earful.dialects.symbl.auth import application_dependency
from earful.dialects.symbl.bodies import Body as JsonBody
from earful.dialects.symbl.errors import ApiError, BadRequest, ErrorMessage, describe
from earful.dialects.symbl.openapi import json_body, whole_schema
from earful.dialects.symbl.rsql import RsqlError, parse_rsql
from earful.dialects.symbl.shapes import iso_time
from earful.store.resources import NameTaken, Resource, ResourceKind, ResourceStore, UnknownResource

__all__ = ["Library", "management_router"]

_MAX_TRACKERS = 500
_PHRASE = re.compile(r"[\w .'’-]+")
_GROUP_NAME = re.compile(r"[\w \-\"“”]+")
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorMessage, "description": "A field is missing or not what it should be."},
    401: {"model": ErrorMessage, "description": "No valid token."},
    404: {"model": ErrorMessage, "description": "There is nothing of that id."},
    409: {"model": ErrorMessage, "description": "The name is taken."},
}
_SETTINGS = "settings"
_SETTING_PATH = re.compile(r"/intelligence/bookmarks/duration|/redaction(/[^/]+){0,2}")

B = TypeVar("B", bound=BaseModel)


class TrackerBody(JsonBody):
    """A name and the phrases that mean it."""

    name: str = Field(min_length=1, max_length=256, examples=["Late delivery"])
    vocabulary: Annotated[list[str], Field(min_length=1, max_length=1000)] = Field(
        examples=[["delivery was late", "still waiting for the order", "it hasn't arrived"]]
    )
    description: str | None = Field(default=None, max_length=1024)
    categories: list[str] | None = None
    languages: list[str] = Field(default=["en-US"])
    exclude_vocabulary: list[str] | None = None

    @field_validator("vocabulary")
    @classmethod
    def _phrases(cls, value: list[str]) -> list[str]:
        phrases = [" ".join(phrase.split()) for phrase in value]
        for phrase in phrases:
            if not phrase:
                raise ValueError("a phrase is not allowed to be empty")
            if not _PHRASE.fullmatch(phrase):
                raise ValueError(
                    f"{phrase!r} may hold only letters, digits, spaces, '.', '-' and apostrophes"
                )
        if len(set(phrases)) < len(phrases):
            raise ValueError("a phrase occurs twice")
        return phrases


class EntityBody(JsonBody):
    """A kind of thing, and the words that name it."""

    type: str = Field(min_length=1, max_length=128, examples=["Vehicle"])
    sub_type: str = Field(min_length=1, max_length=128, examples=["CargoBike"])
    category: str = Field(default="Custom", max_length=128)
    values: list[Annotated[str, Field(min_length=1)]] = Field(
        min_length=1, max_length=1000, examples=[["cargo bike", "long john"]]
    )


class GroupBody(JsonBody):
    """A name for the conversations that meet a condition."""

    name: str = Field(min_length=1, max_length=128, examples=["Calls by Ines"])
    description: str | None = Field(default=None, max_length=512)
    criteria: str = Field(min_length=1, examples=["conversation.metadata.agentId==ines"])

    @field_validator("name")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not _GROUP_NAME.fullmatch(value):
            raise ValueError("only letters, digits, spaces, '-', '_' and quotation marks are allowed")
        return value

    @field_validator("criteria")
    @classmethod
    def _readable(cls, value: str) -> str:
        try:
            parse_rsql(value)
        except RsqlError as error:
            raise ValueError(str(error)) from None
        return value


class _BookmarkSettings(JsonBody):
    duration: Annotated[int, Field(strict=True, ge=0, le=10**9)] | None = None


class _IntelligenceSettings(JsonBody):
    bookmarks: _BookmarkSettings = _BookmarkSettings()


class _RedactionSettings(JsonBody):
    default: Annotated[bool, Field(strict=True)] = False
    type: Literal["default", "obfuscation", "custom"] = "default"
    exclude: list[str] = Field(default_factory=list)
    custom: dict[str, str] = Field(default_factory=dict)


class _Settings(JsonBody):
    """What the settings of an account may be."""

    intelligence: _IntelligenceSettings = _IntelligenceSettings()
    redaction: _RedactionSettings | None = None


class Change(JsonBody):
    """One step of a JSON Patch (RFC 6902)."""

    op: Literal["add", "replace", "remove"]
    path: str
    value: Any = None


class Library:
    """What an application keeps, in the core's terms, for the dialects that use it."""

    def __init__(self, store: ResourceStore) -> None:
        self._store = store

    async def trackers(self, application_id: str) -> tuple[Tracker, ...]:
        """Return every stored tracker."""
        return tuple(_tracker(kept) for kept in await self._store.list(application_id, "tracker"))

    async def entities(self, application_id: str) -> tuple[CustomEntity, ...]:
        """Return every value of every stored entity."""
        return tuple(
            CustomEntity(kept.body["subType"], value, value)
            for kept in await self._store.list(application_id, "entity")
            for value in kept.body["values"]
        )

    async def picked(self, application_id: str, ids: Iterable[str]) -> tuple[Tracker, ...]:
        """Return the stored trackers of those ids, in that order. Raises `UnknownResource`."""
        return tuple([_tracker(await self._store.get(application_id, "tracker", one)) for one in ids])

    async def settings(self, application_id: str) -> Mapping[str, Any]:
        """Return what the application has set."""
        kept = await self._store.list(application_id, "settings")
        return kept[0].body if kept else {}

    async def criteria(self, application_id: str, group_id: str) -> str:
        """Return what conversations of a group must meet. Raises `UnknownResource`."""
        return str((await self._store.get(application_id, "group", group_id)).body["criteria"])


def management_router(accounts: Accounts, store: ResourceStore) -> APIRouter:
    """Return the routes under `/v1/manage`."""
    router = APIRouter(prefix="/v1/manage", tags=["Management API"], responses=_ERRORS)
    Caller = Annotated[Application, Depends(application_dependency(accounts))]  # noqa: N806 (a type)
    Json = Annotated[Any, Body()]  # noqa: N806 (a type)
    turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def create(caller: Application, kind: ResourceKind, bodies: Sequence[BaseModel]) -> list[Resource]:
        async with turns[caller.id]:
            if kind == "tracker":
                there = len(await store.list(caller.id, kind))
                if there + len(bodies) > _MAX_TRACKERS:
                    raise BadRequest(f"an application may have at most {_MAX_TRACKERS} trackers")
            made = [
                Resource(new_numeric_id(), kind, _name(kind, _dump(body)), _dump(body)) for body in bodies
            ]
            try:
                await store.add(caller.id, made)
            except NameTaken as taken:
                raise _conflict(kind, str(taken)) from None
            return made

    async def change(
        caller: Application,
        kind: ResourceKind,
        resource_id: str,
        update: Callable[[Mapping[str, Any]], BaseModel],
    ) -> Resource:
        async with turns[caller.id]:
            kept = await find(caller, kind, resource_id)
            body = _dump(update(kept.body))
            changed = Resource(kept.id, kind, _name(kind, body), body, kept.created_at)
            try:
                await store.put(caller.id, changed)
            except NameTaken as taken:
                raise _conflict(kind, str(taken)) from None
            return await find(caller, kind, resource_id)

    async def find(caller: Application, kind: ResourceKind, resource_id: str) -> Resource:
        try:
            return await store.get(caller.id, kind, resource_id)
        except UnknownResource:
            raise _missing(kind) from None

    async def remove(caller: Application, kind: ResourceKind, resource_id: str) -> dict[str, Any]:
        try:
            await store.remove(caller.id, kind, resource_id)
        except UnknownResource:
            raise _missing(kind) from None
        return {"id": resource_id, "type": kind, "deleted": True}

    # -- what trackers, entities and groups have in common -----------------------------------------

    def add_kind(
        kind: ResourceKind,
        plural: str,
        noun: str,
        model: type[BaseModel],
        given: Any,
        shown: Any,
        merged: Callable[[Mapping[str, Any], Mapping[str, Any]], Any],
        put: tuple[str, str],
        more_paths: Sequence[str] = (),
        flat: bool = False,
    ) -> None:
        """Add the routes of one kind; `merged` makes the new body of the kept one and the one put.

        `given` and `shown` are examples, `put` what putting does in few words and in a sentence. A `flat`
        answer has the fields of the one itself beside the one.
        """
        Id = Annotated[str, Path(alias=f"{kind}_id")]  # noqa: N806 (a type)
        example = {**shown, kind: shown} if flat else {kind: shown}

        def answer(kept: Resource) -> dict[str, Any]:
            body = _shown(kept)
            return {**body, kind: body} if flat else {kind: body}

        async def post(caller: Caller, body: Json) -> dict[str, Any]:
            bodies = [_read(model, _object(item)) for item in _many(body)]
            made = await create(caller, kind, bodies)
            return {plural: [_shown(kept) for kept in made]} if isinstance(body, list) else answer(made[0])

        async def get(caller: Caller, resource_id: Id) -> dict[str, Any]:
            return answer(await find(caller, kind, resource_id))

        async def change_one(caller: Caller, resource_id: Id, body: Json) -> dict[str, Any]:
            return answer(
                await change(
                    caller, kind, resource_id, lambda kept: _read(model, merged(kept, _object(body)))
                )
            )

        async def delete(caller: Caller, resource_id: Id) -> dict[str, Any]:
            return await remove(caller, kind, resource_id)

        for path in (f"/{kind}", f"/{plural}", *more_paths):
            router.post(
                path,
                status_code=201,
                summary=f"Keep {plural}",
                description=f"Keep one {noun}, or many: all or none.",
                responses=_shows(example, 201),
                openapi_extra=_one_or_many(model, given),
            )(post)
        for path in (f"/{kind}/{{{kind}_id}}", f"/{plural}/{{{kind}_id}}"):
            router.get(
                path, summary=f"Get a {noun}", description=f"Get one {noun}.", responses=_shows(example)
            )(get)
            router.put(
                path,
                summary=put[0],
                description=put[1],
                responses=_shows(example),
                openapi_extra=_one(model, given),
            )(change_one)
            router.delete(
                path,
                summary=f"Delete a {noun}",
                description=f"Delete a {noun}; what it found stays.",
                responses=_shows({**_DELETED, "type": kind}),
            )(delete)

    # -- trackers ---------------------------------------------------------------------------------

    def grown(kept: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
        phrases = given.get("vocabulary", [])
        # What is no list of phrases is left for the check to refuse.
        if isinstance(phrases, list) and all(isinstance(phrase, str) for phrase in phrases):
            phrases = list(dict.fromkeys([*phrases, *kept["vocabulary"]]))
        return {**kept, **given, "vocabulary": phrases}

    add_kind(
        "tracker",
        "trackers",
        "tracker",
        TrackerBody,
        _TRACKER,
        _KEPT_TRACKER,
        grown,
        ("Add to a tracker", "Rename a tracker or add phrases to it; `PATCH` can take phrases away."),
        more_paths=["/trackers/bulk"],
    )

    @router.get("/trackers", summary="List trackers", responses=_shows({"trackers": [_KEPT_TRACKER]}))
    async def list_trackers(
        caller: Caller, name: Annotated[str | None, Query(description="Only the one of this name.")] = None
    ) -> dict[str, Any]:
        """List the stored trackers."""
        kept = await store.list(caller.id, "tracker")
        return {"trackers": [_shown(one) for one in kept if name is None or one.name == name]}

    async def patch_tracker(caller: Caller, tracker_id: str, body: Json) -> dict[str, Any]:
        """Change a tracker by a JSON Patch."""
        patched = await change(
            caller, "tracker", tracker_id, lambda kept: _read(TrackerBody, _patched(kept, body))
        )
        return {"tracker": _shown(patched)}

    for path in ("/tracker/{tracker_id}", "/trackers/{tracker_id}"):
        router.patch(
            path,
            summary="Change a tracker",
            responses=_shows({"tracker": _KEPT_TRACKER}),
            openapi_extra=_patch([_PATCH]),
        )(patch_tracker)

    # -- custom entities --------------------------------------------------------------------------

    def replaced(kept: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**kept, **given}

    add_kind(
        "entity",
        "entities",
        "custom entity",
        EntityBody,
        _ENTITY,
        _KEPT_ENTITY,
        replaced,
        ("Replace a custom entity", "Replace a custom entity."),
        more_paths=["/entities/bulk"],
        flat=True,
    )

    @router.get("/entities", summary="List custom entities", responses=_shows({"entities": [_KEPT_ENTITY]}))
    async def list_entities(caller: Caller) -> dict[str, Any]:
        """List the stored custom entities."""
        return {"entities": [_shown(kept) for kept in await store.list(caller.id, "entity")]}

    @router.delete(
        "/entities",
        summary="Delete custom entities by subtype",
        responses=_shows({**_DELETED, "type": "entity"}),
    )
    async def delete_entities(
        caller: Caller, sub_type: Annotated[str, Query(alias="subType")]
    ) -> dict[str, Any]:
        """Delete every custom entity of a subtype."""
        doomed = [kept for kept in await store.list(caller.id, "entity") if kept.body["subType"] == sub_type]
        if not doomed:
            raise _missing("entity")
        for kept in doomed:
            await remove(caller, "entity", kept.id)
        return {"id": doomed[0].id, "type": "entity", "deleted": True}

    # -- groups -----------------------------------------------------------------------------------

    add_kind(
        "group",
        "groups",
        "group",
        GroupBody,
        _GROUP,
        _KEPT_GROUP,
        replaced,
        ("Replace a group", "Replace a group."),
    )

    @router.get("/groups", summary="List groups", responses=_shows({"groups": [_KEPT_GROUP]}))
    async def list_groups(caller: Caller) -> dict[str, Any]:
        """List the groups."""
        return {"groups": [_shown(kept) for kept in await store.list(caller.id, "group")]}

    # -- settings ---------------------------------------------------------------------------------

    @router.get("/settings", summary="Get the account's settings", responses=_shows(_KEPT_SETTINGS))
    async def get_settings(caller: Caller) -> dict[str, Any]:
        """Get what has been set; nothing else is in it."""
        kept = await store.list(caller.id, "settings")
        return {"settings": dict(kept[0].body) if kept else {}}

    @router.patch(
        "/settings",
        summary="Change the account's settings",
        responses=_shows(_KEPT_SETTINGS),
        openapi_extra=_patch([_SETTING]),
    )
    async def patch_settings(caller: Caller, body: Json) -> dict[str, Any]:
        """Change settings by a JSON Patch: `/intelligence/bookmarks/duration` and `/redaction`."""
        async with turns[caller.id]:
            kept = await store.list(caller.id, "settings")
            settings = _patched(kept[0].body if kept else {}, body, known=_is_setting)
            _read(_Settings, settings)
            if kept:
                await store.put(caller.id, Resource(kept[0].id, "settings", _SETTINGS, settings))
            else:
                await store.add(caller.id, [Resource(new_numeric_id(), "settings", _SETTINGS, settings)])
        return {"settings": settings}

    return router


_TRACKER = {"name": "Late delivery", "vocabulary": ["delivery was late", "still waiting for the order"]}
_ENTITY = {"type": "Vehicle", "subType": "CargoBike", "category": "Custom", "values": ["cargo bike"]}
_GROUP = {"name": "Calls by Ines", "criteria": "conversation.metadata.agentId==ines"}
_PATCH = {"op": "add", "path": "/vocabulary", "value": ["it never came"]}
_SETTING = {"op": "add", "path": "/intelligence/bookmarks/duration", "value": 30}
_KEPT = {"createdOn": "2026-03-02T09:00:00.000Z", "updatedOn": "2026-03-02T09:00:00.000Z"}
_KEPT_TRACKER = {"id": "5771233914257408", **_TRACKER, "languages": ["en-US"], **_KEPT}
_KEPT_ENTITY = {"id": "5771233914257409", **_ENTITY, **_KEPT}
_KEPT_GROUP = {"id": "4931266308505600", **_GROUP, **_KEPT}
_KEPT_SETTINGS = {"settings": {"intelligence": {"bookmarks": {"duration": 30}}}}
_DELETED = {"id": "5771233914257408", "deleted": True}


def _shows(example: Any, status: int = 200) -> dict[int | str, dict[str, Any]]:
    return {status: {"content": {"application/json": {"example": example}}}}


def _one(model: type[BaseModel], example: Any) -> dict[str, Any]:
    return json_body(whole_schema(model), example)


def _one_or_many(model: type[BaseModel], example: Any) -> dict[str, Any]:
    one = whole_schema(model)
    return json_body({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}, example)


def _patch(example: Any) -> dict[str, Any]:
    return _one_or_many(Change, example)


def _tracker(kept: Resource) -> Tracker:
    excluded = set(kept.body.get("excludeVocabulary") or ())
    return Tracker(kept.name, tuple(p for p in kept.body["vocabulary"] if p not in excluded), kept.id)


def _shown(kept: Resource) -> dict[str, Any]:
    times = {"createdOn": iso_time(kept.created_at), "updatedOn": iso_time(kept.updated_at)}
    return {"id": kept.id, **kept.body, **times}


def _name(kind: ResourceKind, body: Mapping[str, Any]) -> str:
    return json.dumps([body["type"], body["subType"]]) if kind == "entity" else str(body["name"])


def _dump(body: BaseModel) -> dict[str, Any]:
    return body.model_dump(by_alias=True, exclude_none=True)


def _read(model: type[B], value: Any) -> B:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise BadRequest(describe(error.errors())) from None


def _many(body: Any) -> list[Any]:
    return body if isinstance(body, list) else [body]


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise BadRequest("this should be a JSON object")
    # Some clients send what they leave out as null.
    return {name: value for name, value in body.items() if value is not None}


def _conflict(kind: ResourceKind, name: str) -> ApiError:
    shown = "/".join(json.loads(name)) if kind == "entity" else name
    article = "an" if kind == "entity" else "a"
    return ApiError(409, f"there is already {article} {kind} named {shown!r}")


def _missing(kind: ResourceKind) -> ApiError:
    return ApiError(404, f"the {kind} is either invalid or does not exist")


def _is_setting(path: str) -> bool:
    return _SETTING_PATH.fullmatch(path) is not None


def _patched(
    kept: Mapping[str, Any], body: Any, *, known: Callable[[str], bool] = lambda path: path.count("/") == 1
) -> dict[str, Any]:
    """Return a copy of `kept` after a JSON Patch. Adding to a list adds its items at the end."""
    result: dict[str, Any] = json.loads(json.dumps(dict(kept)))
    for item in _many(body):
        step = _read(Change, item)
        keys = step.path.split("/")[1:]
        if not step.path.startswith("/") or not all(keys) or not known(step.path):
            raise BadRequest(f"path: {step.path!r} cannot be changed")
        parent = result
        for key in keys[:-1]:
            parent = parent.setdefault(key, {})
            if not isinstance(parent, dict):
                raise BadRequest(f"path: {step.path!r} leads through something that is no object")
        _apply(parent, keys[-1], step)
    return result


def _apply(parent: dict[str, Any], key: str, step: Change) -> None:
    old = parent.get(key)
    given = step.value if isinstance(step.value, list) else [step.value]
    if step.op == "remove" and isinstance(old, list) and step.value is not None:
        parent[key] = [item for item in old if item not in given]
    elif step.op == "remove":
        if key not in parent:
            raise BadRequest(f"path: there is nothing at {step.path!r}")
        del parent[key]
    elif step.op == "add" and isinstance(old, list):
        parent[key] = [*old, *(item for item in given if item not in old)]
    else:
        parent[key] = step.value
