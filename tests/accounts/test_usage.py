"""Deactivation, balances and usage, on SQLite and on PostgreSQL alike."""

from datetime import UTC, datetime

import pytest

from earful.accounts.service import Accounts
from earful.accounts.types import Application, Credentials, Deactivated, UnknownApplication


@pytest.fixture
async def credentials(accounts: Accounts) -> Credentials:
    return await accounts.create("mine")


async def test_a_new_application_is_active_and_unlimited(
    accounts: Accounts, application: Application
) -> None:
    assert application.active
    assert application.balance_s is None
    assert await accounts.usage("mine") == ()


async def test_a_deactivated_application_is_refused_by_key_and_by_token(
    accounts: Accounts, credentials: Credentials
) -> None:
    token = (await accounts.issue_token(credentials.app_id, credentials.app_secret)).token
    await accounts.set_active("mine", False)
    for shown in (credentials.api_key, token):
        with pytest.raises(Deactivated):
            await accounts.verify(shown)


async def test_an_activated_application_is_taken_again(accounts: Accounts, credentials: Credentials) -> None:
    await accounts.set_active("mine", False)
    await accounts.set_active(credentials.customer_id, True)
    assert (await accounts.verify(credentials.api_key)).customer_id == credentials.customer_id


async def test_charges_of_a_day_add_up(accounts: Accounts, application: Application) -> None:
    await accounts.charge(application.id, 0.0, sessions=1)
    await accounts.charge(application.id, 2.5)
    await accounts.charge(application.id, 1.25, sessions=1)
    (day,) = await accounts.usage("mine")
    assert (day.audio_s, day.sessions) == (3.75, 2)
    assert day.day == datetime.now(UTC).date()


async def test_a_charge_is_taken_off_the_balance_even_below_nothing(
    accounts: Accounts, application: Application
) -> None:
    await accounts.set_balance("mine", 3.0)
    assert (standing := await accounts.charge(application.id, 2.0))
    assert standing.balance_s == pytest.approx(1.0)
    assert (standing := await accounts.charge(application.id, 2.0))
    assert standing.balance_s == pytest.approx(-1.0)


async def test_a_charge_leaves_an_unlimited_balance_unlimited(
    accounts: Accounts, application: Application
) -> None:
    assert (standing := await accounts.charge(application.id, 2.0))
    assert standing.balance_s is None


async def test_a_charge_to_a_removed_application_says_so(
    accounts: Accounts, application: Application
) -> None:
    await accounts.remove("mine")
    assert await accounts.charge(application.id, 2.0) is None


async def test_charges_touch_no_other_application(
    accounts: Accounts, application: Application, stranger: Application
) -> None:
    await accounts.set_balance("theirs", 10.0)
    await accounts.charge(application.id, 2.0, sessions=1)
    assert await accounts.usage("theirs") == ()
    assert (await accounts.get("theirs")).balance_s == 10.0


async def test_an_unknown_name_is_told(accounts: Accounts) -> None:
    with pytest.raises(UnknownApplication):
        await accounts.set_active("nobody", False)
