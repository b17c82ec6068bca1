"""Logs: one line per event in the form asked for, and no token in any of them."""

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from earful.logs import configure_logging


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_machines_get_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    structlog.get_logger("earful.x").info("something happened", count=3)
    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["count"], event["level"]) == ("something happened", 3, "info")
    assert event["timestamp"].endswith("Z")


def test_what_libraries_log_has_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    logging.getLogger("some.library").warning("watch %s", "out")
    event = json.loads(capsys.readouterr().err)
    assert (event["event"], event["logger"], event["level"]) == ("watch out", "some.library", "warning")


def test_people_get_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "console")
    structlog.get_logger("earful.x").info("something happened", count=3)
    line = capsys.readouterr().err
    assert "something happened" in line
    assert "count" in line
    assert not line.startswith("{")


def test_what_is_no_terminal_gets_json_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "auto")
    structlog.get_logger("earful.x").info("x")
    assert json.loads(capsys.readouterr().err)["event"] == "x"


@pytest.mark.parametrize(("level", "lines"), [("debug", 3), ("info", 2), ("error", 1)])
def test_less_severe_events_are_left_out(
    capsys: pytest.CaptureFixture[str], level: Literal["debug", "info", "error"], lines: int
) -> None:
    configure_logging(level, "json")
    log = structlog.get_logger("earful.x")
    log.debug("d")
    log.info("i")
    log.error("e")
    assert len(capsys.readouterr().err.splitlines()) == lines


def test_a_token_in_an_address_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    address = "/v1/streaming/room?access_token=aaa.bbb-ccc&source=js_sdk"
    logging.getLogger("some.library").info('"WebSocket %s" [accepted]', address)
    structlog.get_logger("earful.x").info("refused", address=address)
    logged = capsys.readouterr().err
    assert "aaa.bbb" not in logged
    assert logged.count("access_token=[hidden]&source=js_sdk") == 2


def test_the_web_server_does_not_repeat_our_request_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("uvicorn.error").error("broken")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "broken"


def test_an_exception_is_one_line_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    try:
        raise ValueError("wrong")
    except ValueError:
        structlog.get_logger("earful.x").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: wrong" in json.loads(line)["exception"]
