"""Fixtures that several rooms share: a real server, a database of each kind, an owning application."""

import asyncio
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import text

from earful.accounts.service import Accounts
from earful.accounts.types import Application
from earful.store.database import Database
from earful.store.tables import metadata
from tests.support.mail import MailSink
from tests.support.phone import free_ports, require_phone
from tests.support.receiver import Receiver, receiving
from tests.support.registrar import ScriptedRegistrar
from tests.support.server import EarfulServer, start_server

# How long an example takes says more about the machine than about the code.
settings.register_profile("earful", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("earful")


@pytest.fixture(scope="session")
def earful_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EarfulServer]:
    """One real `earful serve` process for the whole session."""
    with start_server(tmp_path_factory.mktemp("earful")) as server:
        yield server


@pytest.fixture(scope="session")
def trunk_port() -> int:
    return free_ports()


@pytest.fixture(scope="session")
def calls_mail() -> Iterator[MailSink]:
    """What `calls_server` mails."""
    sink = MailSink().start()
    yield sink
    sink.stop()


@pytest.fixture(scope="session")
def calls_registrar() -> Iterator[ScriptedRegistrar]:
    """Where `calls_server` registers."""
    with ScriptedRegistrar() as registrar:
        yield registrar


@pytest.fixture(scope="session")
def calls_server(
    tmp_path_factory: pytest.TempPathFactory,
    trunk_port: int,
    calls_mail: MailSink,
    calls_registrar: ScriptedRegistrar,
) -> Iterator[EarfulServer]:
    """A server that may call this machine, takes calls from it, and mails summaries."""
    require_phone()
    settings = {
        "SIP_DOMAINS": "127.0.0.1",
        "SIP_ADDRESS": "127.0.0.1",
        "SIP_TRUNK": f"127.0.0.1:{trunk_port}",
        "SIP_TRUNK_USER": "rosa",
        "SIP_TRUNK_PASSWORD": "s3cret",
        "SIP_PREFIXES": "+1202",
        "SIP_LISTEN": "127.0.0.1:0",
        "SIP_SOURCES": "127.0.0.1",
        "SIP_REGISTRAR": f"127.0.0.1:{calls_registrar.port}",
        "SIP_REGISTRAR_USER": calls_registrar.user,
        "SIP_REGISTRAR_PASSWORD": calls_registrar.password,
        "SIP_APPLICATION": "tests",
        "MAX_CALLS_PER_APPLICATION": "2",
        "CALL_RING_SECONDS": "4",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(calls_mail.port),
        "SMTP_SECURITY": "none",
        "SMTP_FROM": "Earful <earful@example.com>",
    }
    given = {f"EARFUL_{name}": value for name, value in settings.items()}
    with start_server(tmp_path_factory.mktemp("calls"), given) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A real PostgreSQL that lives as long as the tests."""
    with warnings.catch_warnings():
        # It looks for the user's runtime folder, which a container does not have.
        warnings.simplefilter("ignore")
        import pgserver

    # Not in pytest's own folder: other runs of pytest clear that up, and shut its user out.
    folder = tempfile.mkdtemp(prefix="earful-postgresql-")
    for attempts_left in reversed(range(6)):
        try:
            server = pgserver.get_server(folder, cleanup_mode="delete")
            break
        except subprocess.TimeoutExpired:
            # It waits ten seconds for the start; on a busy machine that goes on, and is found done later.
            if not attempts_left:
                raise
            time.sleep(5)
    # Nothing has to outlive the machine.
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'earful.db'}"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture(scope="session")
def new_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite file with the newest schema, to copy: to make one takes longer than most tests."""

    async def make() -> None:
        await (await Database.open(f"sqlite:///{path}")).close()

    path = tmp_path_factory.mktemp("new") / "earful.db"
    asyncio.run(make())
    return path


@pytest.fixture
async def database(database_url: str, new_sqlite: Path) -> AsyncIterator[Database]:
    """An empty database with the newest schema, once of each kind."""
    if database_url.startswith("sqlite:///"):
        shutil.copy(new_sqlite, database_url.removeprefix("sqlite:///"))
    database = await Database.open(database_url)
    if database.is_postgresql:
        async with database.write() as connection:
            names = ", ".join(table.name for table in metadata.sorted_tables)
            await connection.execute(text(f"TRUNCATE {names} CASCADE"))
    yield database
    await database.close()


@pytest.fixture
def accounts(database: Database) -> Accounts:
    """The accounts of an empty database."""
    return Accounts(database)


@pytest.fixture
async def application(accounts: Accounts) -> Application:
    """An application that owns things."""
    return await make_application(accounts, "mine")


@pytest.fixture
async def stranger(accounts: Accounts) -> Application:
    """An application that must see nothing of the other's."""
    return await make_application(accounts, "theirs")


async def make_application(accounts: Accounts, name: str) -> Application:
    await accounts.create(name)
    return next(one for one in await accounts.list() if one.name == name)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A web server for webhooks to call."""
    with receiving() as server:
        yield server
