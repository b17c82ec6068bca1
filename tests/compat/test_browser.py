"""The vendor's Web SDK and a page without any SDK, in a real Chromium with a recording as its microphone."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, async_playwright

from tests.compat.conftest import NODE_MODULES
from tests.compat.test_javascript_sdk import known_words, stored
from tests.support.server import EarfulServer
from tests.support.speech import sample_pcm, write_wav

pytestmark = pytest.mark.browser

WEB = Path(__file__).parent / "web"
SECONDS = 12
CHROMIUM = os.environ.get("CHROMIUM", shutil.which("chromium") or "")


class Quiet(SimpleHTTPRequestHandler):
    """A file server that does not write to the terminal."""

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site with one page for each program, its packages bundled in."""
    folder = tmp_path_factory.mktemp("site")
    for program in WEB.glob("*.js"):
        command = [NODE_MODULES / ".bin" / "esbuild", program, "--bundle", "--define:global=window"]
        command += ["--log-level=error", f"--outfile={folder / program.name}"]
        subprocess.run(command, check=True, env=os.environ | {"NODE_PATH": str(NODE_MODULES)})
        (folder / f"{program.stem}.html").write_text(f'<script src="{program.name}"></script>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def run_in_page(site: str, page_name: str, server: EarfulServer, tmp_path: Path) -> Any:
    """What a page's `flow` returns after it has listened to the microphone."""
    if not CHROMIUM:
        pytest.fail("Chromium is missing: run scripts/setup")
    recording = write_wav(tmp_path / "microphone.wav", sample_pcm(SECONDS))
    settings = {
        "base": server.base_url,
        "appId": server.app_id,
        "appSecret": server.app_secret,
        "seconds": SECONDS,
    }
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={recording}%noloop",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        try:
            page = await browser.new_page()
            log: list[str] = []
            page.on("console", lambda message: log.append(message.text))
            page.on("pageerror", lambda error: log.append(str(error)))

            async def online(route: Route) -> None:
                # The Web SDK asks its maker's site whether there is an internet.
                await route.fulfill(status=200, body="", headers={"Access-Control-Allow-Origin": "*"})

            await page.route("https://sdk.symbl.ai/**", online)
            await page.goto(f"{site}/{page_name}")
            try:
                return await page.evaluate("settings => window.flow(settings)", settings)
            except Exception as error:
                pytest.fail(f"{error}\n" + "\n".join(log[-40:]))
        finally:
            await browser.close()


async def test_web_sdk(site: str, earful_server: EarfulServer, tmp_path: Path) -> None:
    """The vendor's class hears speech, messages and a question from the microphone, and ends."""
    result = await run_in_page(site, "web_sdk.html", earful_server, tmp_path)
    assert result["speech"]
    assert known_words(" ".join(result["messages"])) > 0.7
    assert result["questions"]
    assert result["ends"]
    assert stored(earful_server, result["conversationId"])["name"] == "From a page"


async def test_page_without_an_sdk(site: str, earful_server: EarfulServer, tmp_path: Path) -> None:
    """A token from the page, a native WebSocket, an id with `=` in it, and the REST API across origins."""
    result = await run_in_page(site, "raw.html", earful_server, tmp_path)
    assert (result["code"], result["status"]) == (1000, 200)
    kinds = [
        frame["message"]["type"] if frame["type"] == "message" else frame["type"]
        for frame in result["frames"]
    ]
    assert kinds[-2:] == ["recognition_stopped", "conversation_completed"]
    text = " ".join(message["text"] for message in result["messages"])
    assert len(re.findall(r"\w+", text)) > 10
    assert known_words(text) > 0.7
