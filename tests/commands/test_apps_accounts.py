"""`earful apps activate, deactivate, balance, usage`, as a user types them."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from earful.accounts.service import Accounts
from earful.commands.apps import app
from earful.store.database import Database


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with an application `demo`."""
    assert CliRunner().invoke(app, ["create", "demo", "--data-dir", str(tmp_path)]).exit_code == 0
    return tmp_path


def earful_apps(data: Path, *args: str, fails: bool = False) -> str:
    result = CliRunner().invoke(app, [*args, "--data-dir", str(data)])
    assert bool(result.exit_code) == fails, result.output
    return result.output


async def _with(data: Path, seconds: float | None) -> bool:
    database = await Database.open(f"sqlite:///{data / 'earful.db'}")
    accounts = Accounts(database)
    try:
        found = await accounts.get("demo")
        if seconds is not None:
            await accounts.charge(found.id, seconds, sessions=1)
        return found.active
    finally:
        await database.close()


def test_an_application_is_deactivated_and_activated_by_name(data: Path) -> None:
    assert "is deactivated" in earful_apps(data, "deactivate", "demo")
    assert asyncio.run(_with(data, None)) is False
    assert "is active" in earful_apps(data, "activate", "demo")
    assert asyncio.run(_with(data, None)) is True


def test_a_balance_is_unlimited_until_it_is_set_and_can_be_added_to(data: Path) -> None:
    assert earful_apps(data, "balance", "demo").strip() == "unlimited"
    assert earful_apps(data, "balance", "demo", "--set", "60").strip() == "60.0 seconds"
    assert earful_apps(data, "balance", "demo", "--add", "30").strip() == "90.0 seconds"
    assert earful_apps(data, "balance", "demo", "--unlimited").strip() == "unlimited"


def test_an_overdrawn_balance_is_shown_as_nothing_left(data: Path) -> None:
    earful_apps(data, "balance", "demo", "--set", "1")
    asyncio.run(_with(data, 5.0))
    assert earful_apps(data, "balance", "demo").strip() == "0.0 seconds"


def test_contradictory_changes_of_a_balance_are_refused(data: Path) -> None:
    assert "only one of" in earful_apps(data, "balance", "demo", "--set", "1", "--unlimited", fails=True)
    earful_apps(data, "balance", "demo", "--set", "-1", fails=True)


def test_usage_is_shown_by_day_with_its_total(data: Path) -> None:
    asyncio.run(_with(data, 2.5))
    asyncio.run(_with(data, 4.0))
    (row,) = json.loads(earful_apps(data, "usage", "demo", "--json"))
    assert (row["audioSeconds"], row["sessions"]) == (6.5, 2)
    assert "6.5 s" in earful_apps(data, "usage", "demo").splitlines()[-1]


def test_the_webhook_secret_is_one_applications_own_and_stays(data: Path) -> None:
    earful_apps(data, "create", "another")
    secret = earful_apps(data, "webhook-secret", "demo").strip()
    assert secret.startswith("whsec_")
    assert earful_apps(data, "webhook-secret", "demo").strip() == secret
    assert earful_apps(data, "webhook-secret", "another").strip() != secret


@pytest.mark.parametrize("command", ["activate", "deactivate", "balance", "usage", "webhook-secret"])
def test_an_unknown_application_is_told(data: Path, command: str) -> None:
    assert "no application 'nobody'" in earful_apps(data, command, "nobody", fails=True)
