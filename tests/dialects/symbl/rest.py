"""Symbl's REST API without a server process: the routes over a database, and clients that call them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from earful.accounts.service import Accounts
from earful.accounts.types import Application, Credentials
from earful.dialects.symbl.auth import token_router
from earful.dialects.symbl.conversations import conversation_router
from earful.dialects.symbl.errors import install_error_handlers
from earful.dialects.symbl.management import Library, management_router
from earful.dialects.symbl.search import search_router
from earful.jobs.encoding import encode
from earful.store.conversations import ConversationStore
from earful.store.database import Database
from earful.store.resources import ResourceStore
from earful.store.search import SearchStore

__all__ = ["Caller", "Rest", "rest_api"]


@dataclass
class Caller:
    """An application with a client that carries its token."""

    application: Application
    credentials: Credentials
    token: str
    http: httpx.AsyncClient


@dataclass
class Rest:
    """The API, what is behind it, and who calls it."""

    app: FastAPI
    accounts: Accounts
    store: ConversationStore
    nobody: httpx.AsyncClient
    mine: Caller
    theirs: Caller


@asynccontextmanager
async def rest_api(database: Database) -> AsyncIterator[Rest]:
    """Give the API with two applications."""
    accounts = Accounts(database)
    store = ConversationStore(database)
    resources = ResourceStore(database)
    app = FastAPI(strict_content_type=False)
    install_error_handlers(app)
    app.include_router(token_router(accounts))
    app.include_router(
        conversation_router(
            accounts,
            store,
            Library(resources),
            delete=store.delete,
            polarity=lambda text: 0.9 if "Yes" in text else 0.0,
        )
    )
    app.include_router(management_router(accounts, resources))
    app.include_router(search_router(accounts, SearchStore(database, encode)))

    def client(token: str | None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://earful", headers=headers
        )

    async def caller(name: str) -> Caller:
        credentials = await accounts.create(name)
        token = (await accounts.issue_token(credentials.app_id, credentials.app_secret)).token
        return Caller(await accounts.verify(token), credentials, token, client(token))

    async with client(None) as nobody:
        mine, theirs = await caller("mine"), await caller("theirs")
        async with mine.http, theirs.http:
            yield Rest(app, accounts, store, nobody, mine, theirs)
