"""`GET /v1/search`: what it answers and to whom."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from earful.jobs.encoding import Encoder
from earful.store.database import Database
from earful.store.vectors import VectorStore
from tests.dialects.symbl.rest import Rest, rest_api
from tests.store.samples import CID, EVERYTHING, conversation


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'earful.db'}"


@pytest.fixture
async def rest(database: Database) -> AsyncIterator[Rest]:
    async with rest_api(database) as rest:
        await rest.store.create(conversation(rest.mine.application.id))
        await rest.store.add_findings(CID, EVERYTHING)
        yield rest


async def test_a_word_is_found_with_its_place_and_speaker(rest: Rest) -> None:
    answer = await rest.mine.http.get("/v1/search", params={"q": "quote friday"})
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["results"]
    assert result["conversationId"] == CID
    assert "<mark>" in result["snippet"]
    assert result["from"]["name"] == "Ines"
    assert result["startTime"].endswith("Z")
    assert result["duration"] > 0
    messages = (await rest.mine.http.get(f"/v1/conversations/{CID}/messages")).json()["messages"]
    assert result["messageId"] in {message["id"] for message in messages}


async def test_nobody_else_finds_it(rest: Rest) -> None:
    assert (await rest.theirs.http.get("/v1/search", params={"q": "quote"})).json() == {"results": []}
    assert (await rest.nobody.get("/v1/search", params={"q": "quote"})).status_code == 401


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"q": "x" * 1001},
        {"q": "x", "limit": 0},
        {"q": "x", "offset": -1},
        {"q": "x", "startTime": "soon"},
    ],
)
async def test_a_search_that_cannot_be_made_is_a_400(rest: Rest, params: dict[str, str]) -> None:
    answer = await rest.mine.http.get("/v1/search", params=params)
    assert answer.status_code == 400
    assert set(answer.json()) == {"statusCode", "message"}


async def test_a_search_can_be_kept_to_one_conversation_and_time(rest: Rest) -> None:
    for narrow, count in (
        ({"conversationId": CID}, 1),
        ({"conversationId": "1"}, 0),
        ({"startTime": "2020-01-01"}, 1),
        ({"endTime": "2020-01-01"}, 0),
        ({"offset": "1"}, 0),
    ):
        answer = await rest.mine.http.get("/v1/search", params={"q": "quote friday", **narrow})
        assert len(answer.json()["results"]) == count, narrow


async def test_meaning_finds_other_words_than_were_said(rest: Rest, database: Database) -> None:
    encoder = Encoder(VectorStore(database))
    while await encoder.step():
        pass
    await encoder.stop()
    for mode in ("meaning", "hybrid"):
        params = {"q": "the parcel came too late", "mode": mode}
        answer = await rest.mine.http.get("/v1/search", params=params)
        assert answer.status_code == 200, answer.text
        results = answer.json()["results"]
        assert "late" in results[0]["text"]
        assert results[0]["conversationId"] == CID
        assert (await rest.theirs.http.get("/v1/search", params=params)).json() == {"results": []}
    assert (await rest.mine.http.get("/v1/search", params={"q": "x", "mode": "magic"})).status_code == 400


@pytest.mark.parametrize("mode", ["words", "meaning"])
@pytest.mark.parametrize(("name", "there"), [("startTime", True), ("endTime", False)])
async def test_a_time_that_its_zone_carries_out_of_the_calendar_is_the_calendars_end(
    rest: Rest, mode: str, name: str, there: bool
) -> None:
    for time in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        params = {"q": "quote", "mode": mode, name: time}
        answer = await rest.mine.http.get("/v1/search", params=params)
        assert answer.status_code == 200, answer.text
        if mode == "words":
            assert bool(answer.json()["results"]) == (time.startswith("0") == there)
