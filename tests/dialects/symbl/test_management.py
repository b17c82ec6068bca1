"""Trackers, custom entities, groups and settings of an application."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from earful.accounts.service import Accounts
from earful.conversation.types import CustomEntity, Tracker
from earful.dialects.symbl.errors import install_error_handlers
from earful.dialects.symbl.management import Library, management_router
from earful.store.database import Database
from earful.store.resources import ResourceStore, UnknownResource

LATE = {"name": "Late delivery", "vocabulary": ["delivery was late", "still waiting"]}
PRICE = {"name": "Price", "vocabulary": ["too expensive"]}
BIKE = {
    "type": "Vehicle",
    "subType": "CargoBike",
    "category": "Custom",
    "values": ["cargo bike", "long john"],
}
INES = {"name": "Calls by Ines", "criteria": "conversation.metadata.agentId==ines"}


@dataclass
class Api:
    client: httpx.AsyncClient
    accounts: Accounts
    library: Library
    application_id: str

    async def call(self, method: str, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        answer = await self.client.request(method, f"/v1/manage/{path}", json=body, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def make(self, path: str, body: Any) -> Any:
        return await self.call("POST", path, body, 201)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    database = Database(f"sqlite:///{tmp_path / 'earful.db'}")
    await database.start()
    accounts = Accounts(database)
    credentials = await accounts.create("tests")
    store = ResourceStore(database)
    app = FastAPI(strict_content_type=False)
    install_error_handlers(app)
    app.include_router(management_router(accounts, store))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://earful") as client:
        client.headers["x-api-key"] = credentials.api_key
        yield Api(client, accounts, Library(store), credentials.customer_id)
    await database.close()


def plain(shown: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: shown[name] for name in names}


@pytest.mark.parametrize("path", ["tracker", "trackers", "trackers/bulk"])
async def test_a_tracker_is_kept_under_either_path(api: Api, path: str) -> None:
    kept = (await api.make(path, LATE))["tracker"]
    assert plain(kept, "name", "vocabulary") == LATE
    assert len(kept["id"]) == 16
    assert kept["id"].isdecimal()
    for found in (f"tracker/{kept['id']}", f"trackers/{kept['id']}"):
        assert (await api.call("GET", found))["tracker"] == kept


@pytest.mark.parametrize("path", ["tracker", "trackers", "trackers/bulk"])
async def test_many_trackers_are_kept_all_or_none(api: Api, path: str) -> None:
    made = (await api.make(path, [LATE, PRICE]))["trackers"]
    assert [one["name"] for one in made] == ["Late delivery", "Price"]
    other = {"name": "Other", "vocabulary": ["x"]}
    refused = await api.call("POST", path, [other, PRICE], 409)
    assert "Price" in refused["message"]
    assert [one["name"] for one in (await api.call("GET", "trackers"))["trackers"]] == [
        "Late delivery",
        "Price",
    ]


async def test_a_tracker_is_found_by_its_exact_name(api: Api) -> None:
    await api.make("trackers", [LATE, PRICE])
    found = await api.call("GET", "trackers", params={"name": "Price"})
    assert [one["name"] for one in found["trackers"]] == ["Price"]
    assert await api.call("GET", "trackers", params={"name": "price"}) == {"trackers": []}


async def test_putting_adds_phrases_before_the_old_ones_and_patching_takes_them_away(api: Api) -> None:
    path = f"tracker/{(await api.make('tracker', LATE))['tracker']['id']}"
    body = {"name": "Late", "vocabulary": ["never came", "still waiting"]}
    changed = (await api.call("PUT", path, body))["tracker"]
    assert plain(changed, "name", "vocabulary") == {
        "name": "Late",
        "vocabulary": ["never came", "still waiting", "delivery was late"],
    }
    steps = [
        {"op": "remove", "path": "/vocabulary", "value": ["still waiting"]},
        {"op": "add", "path": "/vocabulary", "value": "where is it"},
        {"op": "replace", "path": "/name", "value": "Lateness"},
        {"op": "add", "path": "/excludeVocabulary", "value": ["never came"]},
    ]
    patched = (await api.call("PATCH", path, steps))["tracker"]
    assert patched["name"] == "Lateness"
    assert patched["vocabulary"] == ["never came", "delivery was late", "where is it"]
    (tracker,) = await api.library.trackers(api.application_id)
    assert tracker == Tracker("Lateness", ("delivery was late", "where is it"), patched["id"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"vocabulary": ["x"]}, "name"),
        ({"name": "x"}, "vocabulary"),
        ({"name": "x", "vocabulary": []}, "vocabulary"),
        ({"name": "", "vocabulary": ["x"]}, "name"),
        ({"name": "x", "vocabulary": ["how much?"]}, "how much"),
        ({"name": "x", "vocabulary": ["a", "a"]}, "twice"),
        ({"name": "x", "vocabulary": [" "]}, "empty"),
        ("text", "object"),
    ],
)
async def test_a_tracker_that_cannot_be_is_refused_by_its_fault(api: Api, body: Any, said: str) -> None:
    assert said in (await api.call("POST", "tracker", body, 400))["message"]


@pytest.mark.parametrize(
    "step",
    [
        {"op": "add", "path": "/id/x", "value": 1},
        {"op": "add", "path": "name", "value": "x"},
        {"op": "move", "path": "/name"},
        {"op": "remove", "path": "/name"},
        {"op": "remove", "path": "/categories"},
        {"op": "replace", "path": "/vocabulary", "value": []},
        {"op": "add", "path": "/vocabulary", "value": {"not": "a phrase"}},
    ],
)
async def test_a_patch_that_cannot_be_changes_nothing(api: Api, step: dict[str, Any]) -> None:
    kept = (await api.make("tracker", LATE))["tracker"]
    await api.call("PATCH", f"tracker/{kept['id']}", [step], 400)
    assert (await api.call("GET", f"tracker/{kept['id']}"))["tracker"] == kept


@pytest.mark.parametrize(("kind", "body"), [("tracker", LATE), ("entity", BIKE), ("group", INES)])
async def test_a_name_is_kept_once(api: Api, kind: str, body: dict[str, Any]) -> None:
    await api.make(kind, body)
    assert "already" in (await api.call("POST", kind, body, 409))["message"]


@pytest.mark.parametrize(("kind", "body"), [("tracker", LATE), ("entity", BIKE), ("group", INES)])
async def test_what_is_deleted_is_gone(api: Api, kind: str, body: dict[str, Any]) -> None:
    made = await api.make(kind, body)
    path = f"{kind}/{made[kind]['id']}"
    assert await api.call("DELETE", path) == {"id": made[kind]["id"], "type": kind, "deleted": True}
    for method in ("GET", "DELETE"):
        assert kind in (await api.call(method, path, status=404))["message"]
    await api.call("PUT", path, body, 404)


@pytest.mark.parametrize(("kind", "body"), [("tracker", LATE), ("entity", BIKE), ("group", INES)])
async def test_another_application_sees_and_changes_nothing(
    api: Api, kind: str, body: dict[str, Any]
) -> None:
    made = await api.make(kind, body)
    stranger = {"x-api-key": (await api.accounts.create("stranger")).api_key}
    path = f"{kind}/{made[kind]['id']}"
    for method in ("GET", "PUT", "DELETE"):
        await api.call(method, path, body, 404, headers=stranger)
    plural = {"tracker": "trackers", "entity": "entities", "group": "groups"}[kind]
    assert await api.call("GET", plural, headers=stranger) == {plural: []}
    await api.call("POST", kind, body, 201, headers=stranger)


async def test_a_name_taken_by_another_is_refused_on_change_too(api: Api) -> None:
    await api.make("trackers", [LATE, PRICE])
    late = (await api.call("GET", "trackers"))["trackers"][0]
    await api.call("PUT", f"tracker/{late['id']}", {"name": "Price", "vocabulary": []}, 409)


async def test_an_entity_is_shown_flat_and_under_its_name_and_replaced_whole(api: Api) -> None:
    made = await api.make("entities", BIKE)
    assert plain(made, "type", "subType", "category", "values") == BIKE
    assert made["entity"]["id"] == made["id"]
    changed = await api.call("PUT", f"entities/{made['id']}", {**BIKE, "values": ["bakfiets"]})
    assert changed["values"] == ["bakfiets"]
    assert await api.library.entities(api.application_id) == (
        CustomEntity("CargoBike", "bakfiets", "bakfiets"),
    )


async def test_entities_are_deleted_by_subtype(api: Api) -> None:
    car = {"type": "Vehicle", "subType": "Car", "values": ["car"]}
    await api.make("entities", [BIKE, car])
    await api.call("DELETE", "entities", params={"subType": "Car"})
    assert [one["subType"] for one in (await api.call("GET", "entities"))["entities"]] == ["CargoBike"]
    await api.call("DELETE", "entities", params={"subType": "Car"}, status=404)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({**INES, "criteria": "conversation.name==a,conversation.name==b"}, "OR"),
        ({**INES, "criteria": "nonsense"}, "criteria"),
        ({**INES, "name": "a/b"}, "name"),
        ({**INES, "name": "x" * 129}, "name"),
        ({**INES, "description": "x" * 513}, "description"),
    ],
)
async def test_a_group_that_cannot_be_is_refused_by_its_fault(api: Api, body: Any, said: str) -> None:
    assert said in (await api.call("POST", "group", body, 400))["message"]


async def test_groups_are_kept_listed_and_changed(api: Api) -> None:
    made = await api.make("group", {**INES, "id": "ignored"})
    assert made["group"]["id"] != "ignored"
    path = f"group/{made['group']['id']}"
    await api.call("PUT", path, {**INES, "id": made["group"]["id"], "criteria": "conversation.name==x"})
    assert (await api.call("GET", "groups"))["groups"][0]["criteria"] == "conversation.name==x"
    assert await api.library.criteria(api.application_id, made["group"]["id"]) == "conversation.name==x"
    with pytest.raises(UnknownResource):
        await api.library.criteria(api.application_id, "1")


async def test_settings_start_empty_and_are_patched(api: Api) -> None:
    assert await api.call("GET", "settings") == {"settings": {}}
    step = {"op": "add", "path": "/intelligence/bookmarks/duration", "value": 30}
    await api.call("PATCH", "settings", [step])
    await api.call(
        "PATCH", "settings", [{"op": "add", "path": "/redaction", "value": {"type": "obfuscation"}}]
    )
    assert await api.call("GET", "settings") == {
        "settings": {"intelligence": {"bookmarks": {"duration": 30}}, "redaction": {"type": "obfuscation"}}
    }
    await api.call("PATCH", "settings", [{"op": "add", "path": "/anything", "value": 1}], 400)
    for path, value in (
        ("/intelligence/bookmarks/duration", "x"),
        ("/redaction/type", "none"),
        ("/redaction/exclude", 5),
    ):
        wrong = [{"op": "add", "path": path, "value": value}]
        refused = await api.call("PATCH", "settings", wrong, 400)
        assert path.rpartition("/")[2] in refused["message"]


async def test_at_most_500_trackers_are_kept(api: Api) -> None:
    await api.make("trackers", [{"name": f"t{n}", "vocabulary": ["x"]} for n in range(500)])
    assert "500" in (await api.call("POST", "tracker", LATE, 400))["message"]


@pytest.mark.parametrize("path", ["trackers", "entities", "groups", "settings"])
async def test_without_a_token_nothing_is_shown(api: Api, path: str) -> None:
    del api.client.headers["x-api-key"]
    await api.call("GET", path, status=401)


@pytest.mark.parametrize("vocabulary", [5, "abc", [{}], [[1]], ["x", 3]])
async def test_what_is_no_list_of_phrases_is_not_added_to_a_tracker(api: Api, vocabulary: Any) -> None:
    kept = (await api.make("tracker", LATE))["tracker"]
    refused = await api.call("PUT", f"tracker/{kept['id']}", {"vocabulary": vocabulary}, 400)
    assert "vocabulary" in refused["message"]
    assert (await api.call("GET", f"tracker/{kept['id']}"))["tracker"] == kept


async def test_a_setting_lies_no_deeper_than_it_can(api: Api) -> None:
    change = {"op": "add", "path": "/redaction/" + "a/" * 5000 + "b", "value": 1}
    assert "cannot be changed" in (await api.call("PATCH", "settings", [change], 400))["message"]


async def test_what_is_null_counts_as_left_out_and_times_are_written_as_everywhere(api: Api) -> None:
    optional = dict.fromkeys(("description", "categories", "languages", "excludeVocabulary"))
    made = (await api.make("tracker", {**LATE, **optional}))["tracker"]
    assert made["languages"] == ["en-US"]
    assert all(len(made[name]) == 24 and made[name].endswith("Z") for name in ("createdOn", "updatedOn"))
