"""Search over everything an application has stored: an addition of ours to Symbl's API."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from earful.accounts.service import Accounts
from earful.accounts.types import Application
from earful.dialects.symbl import shapes
from earful.dialects.symbl.auth import application_dependency
from earful.dialects.symbl.bodies import Body, Person
from earful.dialects.symbl.errors import ErrorMessage
from earful.store.search import SearchHit, SearchMode, SearchQuery, SearchStore

__all__ = ["search_router"]


class SearchResult(Body):
    """One message that was found. `snippet` is HTML with the matching words in `<mark>`."""

    conversation_id: str = Field(examples=["5104417326284800"])
    conversation_name: str
    message_id: str = Field(examples=["4832016577331200"])
    text: str
    snippet: str = Field(
        description="HTML.",
        examples=["Could you send the <mark>revised</mark> <mark>quote</mark> by Friday?"],
    )
    score: float = Field(description="Higher is better; only of one search and mode comparable.")
    sender: Person = Field(serialization_alias="from")
    start_time: str
    end_time: str
    time_offset: float = Field(description="Seconds since the conversation began.")
    duration: float = Field(description="Seconds.")


class SearchResults(Body):
    """What was found, the best first."""

    results: list[SearchResult]


def search_router(accounts: Accounts, store: SearchStore) -> APIRouter:
    """Return `GET /v1/search`."""
    errors = {400: {"model": ErrorMessage}, 401: {"model": ErrorMessage}}
    router = APIRouter(prefix="/v1", tags=["Search"], responses=errors)  # type: ignore[arg-type]
    Caller = Annotated[Application, Depends(application_dependency(accounts))]  # noqa: N806 (a type)

    @router.get("/search", summary="Search what was said", response_model_exclude_none=True)
    async def search(
        caller: Caller,
        q: Annotated[
            str,
            Query(
                max_length=1000,
                description='Words, all of which must be there; `"in a row"`, `-without`, `beginn*`. '
                "By meaning: a question or a sentence.",
                examples=["revised quote"],
            ),
        ],
        mode: Annotated[
            SearchMode,
            Query(
                description="`words`: messages with these words; `meaning`: those that say something like "
                "it in whatever words (English; the best 5,000 at most); `hybrid`: both, ranked together."
            ),
        ] = "words",
        limit: Annotated[int, Query(ge=1, le=1000)] = 20,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        conversation_id: Annotated[str | None, Query(alias="conversationId")] = None,
        start_time: Annotated[
            datetime | None, Query(alias="startTime", description="Conversations that began then or later.")
        ] = None,
        end_time: Annotated[
            datetime | None, Query(alias="endTime", description="Conversations that began then or earlier.")
        ] = None,
    ) -> SearchResults:
        """Find messages of all the application's conversations by their words or by what they mean."""
        query = SearchQuery(
            words=q,
            mode=mode,
            limit=limit,
            offset=offset,
            conversation_id=conversation_id,
            started_from=start_time and shapes.in_utc(start_time),
            started_until=end_time and shapes.in_utc(end_time),
        )
        return SearchResults(results=[_result(hit) for hit in await store.search(caller.id, query)])

    return router


def _result(hit: SearchHit) -> SearchResult:
    begun = hit.conversation_started_at
    return SearchResult(
        conversation_id=hit.conversation_id,
        conversation_name=hit.conversation_name or hit.conversation_id,
        message_id=hit.message_id,
        text=hit.text,
        snippet=hit.snippet,
        score=hit.score,
        sender=shapes.person(hit.speaker),
        start_time=shapes.iso_time(begun + timedelta(seconds=hit.start)),
        end_time=shapes.iso_time(begun + timedelta(seconds=hit.end)),
        time_offset=round(hit.start, 2),
        duration=round(hit.end - hit.start, 2),
    )
