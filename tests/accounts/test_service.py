"""Applications, credentials and tokens, on SQLite and on PostgreSQL alike."""

import base64
import json
import re
import time
import uuid
from collections.abc import Callable

import jwt
import pytest
from sqlalchemy import text

from earful.accounts import service
from earful.accounts.service import Accounts
from earful.accounts.types import (
    AccessToken,
    Credentials,
    InvalidCredentials,
    InvalidToken,
    NameTaken,
    UnknownApplication,
)
from earful.store.database import Database

RFC7230_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


@pytest.fixture
async def credentials(accounts: Accounts) -> Credentials:
    return await accounts.create("mine")


async def test_credentials_have_the_forms_that_clients_check(accounts: Accounts) -> None:
    for number in range(20):
        made = await accounts.create(f"app {number}")
        assert re.fullmatch(r"[0-9A-Za-z]{64}", made.app_id)
        assert re.fullmatch(r"[0-9A-Za-z]{128}", made.app_secret)
        for secret in (made.app_id, made.app_secret):
            assert re.search("[0-9]", secret)
            assert re.search("[A-Za-z]", secret)
        assert str(uuid.UUID(made.customer_id)) == made.customer_id


async def test_no_two_applications_have_anything_in_common(accounts: Accounts) -> None:
    one, other = await accounts.create("one"), await accounts.create("other")
    assert one.app_id != other.app_id
    assert one.app_secret != other.app_secret
    assert one.api_key != other.api_key
    assert one.customer_id != other.customer_id


async def test_secrets_are_not_in_the_database(
    accounts: Accounts, database: Database, credentials: Credentials
) -> None:
    async with database.read() as connection:
        row = str((await connection.execute(text("SELECT * FROM applications"))).one())
    assert credentials.app_id in row
    assert credentials.app_secret not in row
    assert credentials.api_key not in row


async def test_secrets_are_not_in_what_is_printed(accounts: Accounts, credentials: Credentials) -> None:
    token = await accounts.issue_token(credentials.app_id, credentials.app_secret)
    assert credentials.app_secret not in repr(credentials) + str(credentials)
    assert credentials.api_key not in repr(credentials)
    assert token.token not in repr(token)


async def test_a_name_is_given_once(accounts: Accounts, credentials: Credentials) -> None:
    with pytest.raises(NameTaken, match="mine"):
        await accounts.create("mine")


async def test_the_default_is_made_once_and_only_when_there_is_none(accounts: Accounts) -> None:
    made = await accounts.ensure_default()
    assert made is not None
    assert await accounts.ensure_default() is None
    assert [one.name for one in await accounts.list()] == ["default"]
    await accounts.remove("default")
    await accounts.create("mine")
    assert await accounts.ensure_default() is None


async def test_a_token_names_its_application(accounts: Accounts, credentials: Credentials) -> None:
    token = await accounts.issue_token(credentials.app_id, credentials.app_secret)
    application = await accounts.verify(token.token)
    assert (application.name, application.app_id) == ("mine", credentials.app_id)
    assert application.customer_id == credentials.customer_id


async def test_a_token_is_what_every_client_can_carry_and_read(
    accounts: Accounts, credentials: Credentials
) -> None:
    token = await accounts.issue_token(credentials.app_id, credentials.app_secret)
    assert RFC7230_TOKEN.fullmatch(token.token)
    payload = token.token.split(".")[1]
    # Browsers decode it with atob(), which knows no URL-safe alphabet.
    assert not set(payload) & set("-_")
    claims = json.loads(base64.b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] == pytest.approx(time.time() + token.expires_in, abs=5)
    assert token.expires_in == 86_400


@pytest.mark.parametrize(
    "change", [str.upper, lambda secret: secret[:-1], lambda secret: "", lambda secret: "ü" * 128]
)
async def test_a_wrong_secret_gets_no_token(
    accounts: Accounts, credentials: Credentials, change: Callable[[str], str]
) -> None:
    with pytest.raises(InvalidCredentials):
        await accounts.issue_token(credentials.app_id, change(credentials.app_secret))


async def test_an_unknown_application_gets_no_token(accounts: Accounts, credentials: Credentials) -> None:
    for app_id in ("", "x" * 64, credentials.customer_id, "a\x00b", "\ud800"):
        with pytest.raises(InvalidCredentials):
            await accounts.issue_token(app_id, credentials.app_secret)


async def test_a_secret_opens_its_own_application_only(accounts: Accounts, credentials: Credentials) -> None:
    other = await accounts.create("other")
    with pytest.raises(InvalidCredentials):
        await accounts.issue_token(other.app_id, credentials.app_secret)


def forged(
    token: str, change: dict[str, object], key: str = "k" * 64, algorithm: str | None = "HS256"
) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**claims, **change}, key if algorithm else None, algorithm=algorithm or "none")


async def test_a_forged_or_broken_token_is_refused(accounts: Accounts, credentials: Credentials) -> None:
    token = (await accounts.issue_token(credentials.app_id, credentials.app_secret)).token
    header, payload, _ = token.split(".")
    for bad in (
        "",
        "x",
        "a.b.c",
        "Bearer",
        "tökén",
        "\ud800",
        token[:-2],
        f"{header}.{payload}.",
        f"{header}.{payload}",
        forged(token, {}),
        forged(token, {}, algorithm=None),
        forged(token, {"exp": 2**31}),
        "x" * 100_000,
    ):
        with pytest.raises(InvalidToken):
            await accounts.verify(bad)


async def test_a_token_runs_out(database: Database, credentials: Credentials) -> None:
    accounts = Accounts(database, token_lifetime_s=-1)
    token = await accounts.issue_token(credentials.app_id, credentials.app_secret)
    with pytest.raises(InvalidToken, match="expired"):
        await accounts.verify(token.token)


async def test_every_node_accepts_every_nodes_tokens(database: Database, credentials: Credentials) -> None:
    one, other = Accounts(database), Accounts(database)
    token = await one.issue_token(credentials.app_id, credentials.app_secret)
    assert (await other.verify(token.token)).name == "mine"


async def test_a_removed_applications_tokens_and_keys_stop_working(
    accounts: Accounts, credentials: Credentials
) -> None:
    token = await accounts.issue_token(credentials.app_id, credentials.app_secret)
    await accounts.verify(token.token)
    await accounts.verify(credentials.api_key)
    removed = await accounts.remove("mine")
    assert removed.app_id == credentials.app_id
    for presented in (token.token, credentials.api_key):
        with pytest.raises(InvalidToken):
            await accounts.verify(presented)
    with pytest.raises(InvalidCredentials):
        await accounts.issue_token(credentials.app_id, credentials.app_secret)


async def test_a_removal_by_another_process_is_noticed_soon(
    database: Database, accounts: Accounts, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await accounts.issue_token(credentials.app_id, credentials.app_secret)
    await accounts.verify(token.token)
    await Accounts(database).remove("mine")
    now = time.monotonic()
    monkeypatch.setattr(service.time, "monotonic", lambda: now + 3)
    with pytest.raises(InvalidToken):
        await accounts.verify(token.token)


async def test_a_checked_token_is_not_looked_up_again(
    accounts: Accounts, credentials: Credentials, database: Database
) -> None:
    token = await accounts.issue_token(credentials.app_id, credentials.app_secret)
    await accounts.verify(token.token)
    await database.close()
    used = database.read
    database.read = None  # type: ignore[method-assign,assignment]
    try:
        assert (await accounts.verify(token.token)).name == "mine"
    finally:
        database.read = used  # type: ignore[method-assign]


@pytest.mark.parametrize("key", ["name", "app_id", "customer_id"])
async def test_an_application_can_be_removed_by_any_of_its_names(
    accounts: Accounts, credentials: Credentials, key: str
) -> None:
    name = "mine" if key == "name" else getattr(credentials, key)
    assert (await accounts.remove(name)).name == "mine"
    assert await accounts.list() == ()


async def test_removing_an_unknown_application_is_an_error(accounts: Accounts) -> None:
    with pytest.raises(UnknownApplication, match="nobody"):
        await accounts.remove("nobody")


async def test_an_api_key_is_as_good_as_a_token(accounts: Accounts, credentials: Credentials) -> None:
    assert (await accounts.verify(credentials.api_key)).name == "mine"
    with pytest.raises(InvalidToken):
        await accounts.verify(credentials.api_key[:-1] + "!")


async def test_a_token_can_be_replaced_even_after_it_ran_out(
    database: Database, accounts: Accounts, credentials: Credentials
) -> None:
    late = await Accounts(database, token_lifetime_s=-1).issue_token(
        credentials.app_id, credentials.app_secret
    )
    new = await accounts.refresh_token(credentials.app_id, credentials.app_secret, late.token)
    assert (await accounts.verify(new.token)).name == "mine"


async def test_only_ones_own_token_can_be_replaced(accounts: Accounts, credentials: Credentials) -> None:
    other = await accounts.create("other")
    token = await accounts.issue_token(credentials.app_id, credentials.app_secret)
    with pytest.raises(InvalidToken):
        await accounts.refresh_token(other.app_id, other.app_secret, token.token)
    with pytest.raises(InvalidToken):
        await accounts.refresh_token(other.app_id, other.app_secret, "nonsense")
    with pytest.raises(InvalidCredentials):
        await accounts.refresh_token(credentials.app_id, other.app_secret, token.token)


async def test_revoking_ends_the_tokens_of_one_application_only(
    accounts: Accounts, credentials: Credentials
) -> None:
    other = await accounts.create("other")

    async def token(owner: Credentials) -> AccessToken:
        return await accounts.issue_token(owner.app_id, owner.app_secret)

    mine, theirs = await token(credentials), await token(other)
    await accounts.verify(mine.token)
    with pytest.raises(InvalidCredentials):
        await accounts.revoke_tokens(credentials.app_id, other.app_secret)
    await accounts.revoke_tokens(credentials.app_id, credentials.app_secret)
    with pytest.raises(InvalidToken):
        await accounts.verify(mine.token)
    with pytest.raises(InvalidToken):
        await accounts.refresh_token(credentials.app_id, credentials.app_secret, mine.token)
    assert (await accounts.verify(theirs.token)).name == "other"
    assert (await accounts.verify((await token(credentials)).token)).name == "mine"
