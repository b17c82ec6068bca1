"""Take the pictures of the documents: the real pages, the real server, the sample as it is spoken.

Maya's track of the sample is Chromium's microphone; Daniel's goes into the same conversation from a
program of its own. Then the sample is uploaded as a recording, for the picture of one conversation.
`fonts-inter` makes it look as it does where Inter is installed.

    .venv/bin/python scripts/screenshot.py [live] [conversation]
"""

import json
import sys
import tempfile
import threading
import time
import wave
from contextlib import suppress
from pathlib import Path

import httpx
from playwright.sync_api import WebSocket, sync_playwright
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples"))

from demo import RATE, Track, running_server, sample_tracks  # noqa: E402

IMAGES = ROOT / "docs" / "images"
TAKEN_AFTER_S = 48
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


def main() -> None:
    """Write docs/images/live.png and docs/images/conversation.png."""
    wanted = sys.argv[1:] or ["live", "conversation"]
    maya, daniel = sample_tracks()
    with (
        tempfile.TemporaryDirectory() as name,
        running_server(Path(name), EARFUL_KEEP_RECORDINGS="true") as base_url,
    ):
        microphone = Path(name) / "maya.wav"
        with wave.open(str(microphone), "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(RATE)
            writer.writeframes(maya.pcm.tobytes())
        if "live" in wanted:
            _take(base_url, microphone, daniel)
        if "conversation" in wanted:
            _take_stored(base_url, _recorded(base_url))
    for image in sorted(IMAGES.iterdir()):
        print(f"{image.name}: {image.stat().st_size / 1000:.0f} kB")


def _take(base_url: str, microphone: Path, daniel: Track) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[*FLAGS, f"--use-file-for-fake-audio-capture={microphone}%noloop"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 960}, device_scale_factor=1.5)

        def join(socket: WebSocket) -> None:
            token = json.loads(page.evaluate("sessionStorage.getItem('earful.session')"))["token"]
            address = f"{socket.url}?access_token={token}"
            threading.Thread(target=_speak, args=(address, daniel), daemon=True).start()

        page.goto(base_url)
        page.get_by_label("Your name").fill("Maya")
        with page.expect_websocket() as opened:
            page.get_by_role("button", name="Start").click()
        join(opened.value)
        page.wait_for_timeout(TAKEN_AFTER_S * 1000)
        if "Daniel" not in page.locator("#transcript").inner_text():
            raise SystemExit("screenshot: nothing was recognised")
        IMAGES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=IMAGES / "live.png")
        browser.close()


def _recorded(base_url: str) -> str:
    """Upload the sample, name its voices, and return the conversation's id."""
    with httpx.Client(base_url=base_url, trust_env=False, timeout=60) as http:
        session = http.post("/pages/session", json={}, headers={"Origin": base_url}).json()
        http.headers["Authorization"] = f"Bearer {session['accessToken']}"
        asked = {"name": "Moving to the new warehouse", "enableSummary": "true"}
        voices = {"enableSpeakerDiarization": "true", "diarizationSpeakerCount": "2"}
        recording = (ROOT / "examples" / "sample" / "conversation.ogg").read_bytes()
        job = http.post("/v1/process/audio", params={**asked, **voices}, content=recording).json()
        while (found := http.get(f"/v1/job/{job['jobId']}").json())["status"] != "completed":
            if found["status"] == "failed":
                raise SystemExit(f"screenshot: {found['error']}")
            time.sleep(0.5)
        at = f"/v1/conversations/{job['conversationId']}"
        first = http.get(f"{at}/messages").json()["messages"][0]["from"]["id"]
        for member in http.get(f"{at}/members").json()["members"]:
            name = "Maya" if member["id"] == first else "Daniel"
            http.put(f"{at}/members/{member['id']}", json={"id": member["id"], "name": name})
        http.get(f"{at}/summary", params={"refresh": "true"})
        return str(job["conversationId"])


def _take_stored(base_url: str, conversation: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 960}, device_scale_factor=1.5)
        page.goto(f"{base_url}/conversations/{conversation}")
        asked = page.locator(".sentence").filter(has_text="When will the inspection happen?")
        asked.click()
        page.wait_for_timeout(9000)
        page.screenshot(path=IMAGES / "conversation.png")
        browser.close()


def _speak(address: str, track: Track) -> None:
    # The server is gone when the picture is taken, before the track is over.
    with suppress(ConnectionClosed), connect(address, proxy=None) as socket:
        request = {
            "type": "start_request",
            "config": {"speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": RATE}},
            "speaker": {"name": track.name, "userId": track.email},
        }
        socket.send(json.dumps(request))
        # What nobody reads would fill the connection up, the answers to pings with it.
        threading.Thread(target=lambda: list(socket), daemon=True).start()
        step = RATE // 10
        began = time.monotonic()
        for at in range(0, len(track.pcm), step):
            socket.send(track.pcm[at : at + step].tobytes())
            time.sleep(max(0.0, began + (at + step) / RATE - time.monotonic()))


if __name__ == "__main__":
    main()
