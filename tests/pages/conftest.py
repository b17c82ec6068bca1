"""A real Chromium whose microphone is the sample conversation, and a server for it to talk to."""

import json
import re
import socket
import threading
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from earful.settings import Settings
from tests.pages.replay import Behaviour, replay_app

SAMPLE = Path(__file__).parents[2] / "examples" / "sample"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
# What is waited for comes at once on a machine that has nothing else to do, and later on others.
expect.set_options(timeout=20_000)
FAKE_MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="session")
def sample_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample conversation as one mono WAV, 16 kHz."""
    path = tmp_path_factory.mktemp("microphone") / "sample.wav"
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(str(SAMPLE / "conversation.ogg")) as source, wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(16_000)
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                target.writeframes(part.to_ndarray().tobytes())
    return path


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Browser]]:
    """Start Chromium with further flags; every one is closed at the end of the module.

    No wider: as long as Playwright is running its event loop is this thread's, and no async test can run.
    """
    with sync_playwright() as playwright:
        browsers: list[Browser] = []

        def start(*flags: str) -> Browser:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS, *flags])
            browsers.append(browser)
            return browser

        yield start
        for browser in browsers:
            browser.close()


@pytest.fixture(scope="module")
def chromium(launch: Callable[..., Browser], sample_wav: Path) -> Browser:
    """Chromium with the sample as its microphone, allowed without asking."""
    return launch(*FAKE_MICROPHONE, f"--use-file-for-fake-audio-capture={sample_wav}")


@pytest.fixture
def open_page() -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own; an unexpected console error or exception fails the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_in(browser: Browser, address: str, *, expect: str = "", **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)

        def told(message: Any) -> None:
            if message.type in {"error", "warning"} and not (expect and re.search(expect, message.text)):
                problems.append(message.text)

        page.on("console", told)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        return page

    yield open_in
    for context in contexts:
        context.close()
    assert not problems


@dataclass
class Replay:
    """A stand-in server that is running, and what it does."""

    base_url: str
    behaviour: Behaviour


@pytest.fixture
def replay(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Replay]:
    """The stand-in server on a free port; parametrised indirectly with settings."""
    settings = Settings(data_dir=tmp_path, **getattr(request, "param", {}))
    behaviour = Behaviour(turns=short_script())
    app = replay_app(settings, behaviour)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, log_level="error", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield Replay(f"http://127.0.0.1:{listener.getsockname()[1]}", behaviour)
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


def short_script() -> list[dict[str, Any]]:
    """Three turns with one finding of each kind, over in two seconds of audio."""
    turns: list[dict[str, Any]] = json.loads(
        """[
        {"speaker": "Maya", "text": "When will the new dock be inspected?", "start": 0.2, "end": 0.8,
         "insights": [["question", "When will the new dock be inspected?"]], "topics": ["new dock"]},
        {"speaker": "Maya", "text": "I will send you the report by Friday.", "start": 0.9, "end": 1.4,
         "insights": [["action_item", "Maya will send you the report by Friday.", "2026-03-06T00:00:00Z"]]},
        {"speaker": "Maya", "text": "Let's meet again on Monday.", "start": 1.5, "end": 1.9,
         "insights": [["follow_up", "Let's meet again on Monday.", "2026-03-09T00:00:00Z"]]}
    ]"""
    )
    return turns
