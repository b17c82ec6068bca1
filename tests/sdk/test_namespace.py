"""What `import symbl` offers, and what it leaves alone."""

from __future__ import annotations

import importlib
import logging
import subprocess
import sys

import pytest

import symbl


def test_namespace_is_sorted_and_complete() -> None:
    """Every public name exists, once, in order."""
    assert symbl.__all__ == sorted(symbl.__all__, key=lambda name: name)
    assert all(hasattr(symbl, name) for name in symbl.__all__)


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("symbl.Conversations", ["Conversation"]),
        ("symbl.Connection", ["Connection"]),
        ("symbl.AuthenticationToken", ["get_access_token", "get_api_client", "get_api_header", "init"]),
        ("symbl.async_api.Audio", ["Audio", "correct_boolean_values"]),
        ("symbl.async_api.Video", ["Video", "correct_boolean_values"]),
        ("symbl.async_api.Text", ["Text"]),
        ("symbl.conversations_api.ConversationsApi", ["ConversationsApi"]),
        ("symbl.telephony_api.TelephonyApi", ["TelephonyApi"]),
        ("symbl.telephony_api.TelephonyValidators", ["validateActions", "validateEndpoint"]),
        ("symbl.streaming_api.StreamingApi", ["StreamingApi"]),
        ("symbl.streaming_api.StreamingConnection", ["StreamingConnection"]),
        ("symbl.jobs_api.Job", ["Job"]),
        ("symbl.jobs_api.JobStatus", ["JobStatus"]),
        ("symbl.utils", ["Log", "Thread", "wrap_keyboard_interrupt"]),
        ("symbl.utils.Threads", ["Thread"]),
        ("symbl.utils.Logger", ["Log"]),
        (
            "symbl.utils.Helper",
            ["correct_boolean_values", "dictionary_to_valid_json", "initialize_api_client"],
        ),
        ("symbl.configs.configs", ["X_API_KEY_HEADER", "SYMBL_WEBSOCKET_BASE_PATH"]),
    ],
)
def test_import_paths_of_the_vendor(module: str, names: list[str]) -> None:
    """Programs and tests that reach into the vendor's modules find the same names."""
    loaded = importlib.import_module(module)
    assert all(hasattr(loaded, name) for name in names)


def test_objects_are_ready_made() -> None:
    """Modules of the same name do not hide them."""
    assert isinstance(symbl.Conversations, symbl.ConversationsApi)
    assert symbl.conversations is symbl.Conversations
    assert isinstance(symbl.Streaming, symbl.StreamingApi)
    assert isinstance(symbl.Telephony, symbl.TelephonyApi)
    assert isinstance(symbl.Connection, type)
    assert type(symbl.Audio).__name__ == "Audio"


def test_import_is_light_and_leaves_logging_alone() -> None:
    """No server package, no microphone library, no handler on the root logger, no thread."""
    program = (
        "import logging, sys, threading, symbl; import symbl.streaming_api.StreamingApi\n"
        "assert not logging.root.handlers and logging.root.level == logging.WARNING\n"
        "assert threading.active_count() == 1\n"
        "print([name for name in ('earful', 'numpy', 'sounddevice', 'pyaudio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_log_helper_uses_the_named_logger(caplog: pytest.LogCaptureFixture) -> None:
    """`Log.getInstance()` is one object, on the logger `symbl`."""
    from symbl.utils import Log

    log = Log.getInstance()
    level = logging.root.level
    with caplog.at_level(logging.DEBUG, "symbl"):
        log.info("hello", 3)
        log.info("plain 100%")
        log.debug("at %s", "debug")
        log.warning("careful")
        log.error("bad: %s", 1, 2)
    assert caplog.messages == ["hello, 3", "plain 100%", "at debug", "careful", "bad: 1"]
    assert {record.name for record in caplog.records} == {"symbl"}
    assert Log.getInstance() is log
    assert logging.root.level == level
    previous = logging.getLogger("symbl").level
    log.set_level("ERROR")
    assert logging.getLogger("symbl").level == logging.ERROR
    log.set_level(previous)


def test_thread_helper_runs_and_waits() -> None:
    """`stop_all_threads` waits, as its namesake does."""
    from symbl.utils import Thread

    done: list[int] = []
    Thread.getInstance().start_on_thread(done.append, 3)
    Thread.getInstance().stop_all_threads()
    assert done == [3]
    assert Thread.getInstance() is Thread.getInstance()


def test_helpers() -> None:
    """Small functions that programs borrowed."""
    from symbl.utils import Helper, wrap_keyboard_interrupt

    assert Helper.correct_boolean_values({"a": True, "b": 0}) == {"a": "true", "b": 0}
    assert Helper.insert_valid_boolean_values({"a": "true", "b": {"c": "false"}, "d": 1}) == {
        "a": True,
        "b": {"c": False},
        "d": 1,
    }
    assert Helper.dictionary_to_valid_json({"webhookUrl": "u", "trackers": [1]}) == {
        "webhook_url": "u",
        "trackers": "[1]",
    }
    assert Helper.merge_two_dicts({"a": 1, "b": 1}, {"b": 2}) == {"a": 1, "b": 2}
    entities = symbl._models.Entities.read({"entities": [{"type": "x", "text": "y"}]})  # type: ignore[attr-defined]
    assert Helper.parse_entity_response(entities) == {"entities": [{"type": "x", "text": "y"}]}

    def interrupted() -> None:
        raise KeyboardInterrupt

    assert wrap_keyboard_interrupt(interrupted)() is None
    assert wrap_keyboard_interrupt(lambda: 5)() == 5


def test_initialize_api_client_fetches_a_token(service: symbl.MockTransport) -> None:
    """Before the wrapped function runs."""
    from symbl.utils.Helper import initialize_api_client

    wrapped = initialize_api_client(lambda credentials=None: len(service.requests))
    assert wrapped(credentials={"app_id": "a", "app_secret": "b"}) == 1
