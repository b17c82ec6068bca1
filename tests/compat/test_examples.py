"""Every example of the vendor's repository that needs no telephone, with the vendor's package and with ours.

Those that need one are in `test_telephony.py`. The examples are in `tests/compat/python/examples.py`, in our
words. Each runs in a process of its own, in a folder whose `symbl.conf` has the credentials and, for ours,
the address of the server: nothing else.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.compat.conftest import HERE, MARK, VENDOR_PYTHON
from tests.support.server import EarfulServer, start_server
from tests.support.speech import RATE, sample_pcm, write_wav

pytestmark = pytest.mark.timeout(300)  # a whole run of all examples counts to the first test

SECONDS = 7.0
QUESTION = "Could you send the revised quote by Friday?"
PROMISE = "Yes, I will email the quote to you tomorrow morning."
REFUSED = "The conversationId is either invalid or does not exist."
# What the vendor's release documents and never sends: it answers as if there were no such conversation.
DEAD = f"{{'message': '{REFUSED}'}}"


def write_mp4(path: Path, pcm: bytes) -> Path:
    """A film of nothing with the speech in it."""
    samples = np.frombuffer(pcm, "<i2")
    with av.open(str(path), "w") as output:
        pictures = output.add_stream("mpeg4", rate=5)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        sound = output.add_stream("aac", rate=RATE, layout="mono")
        for _ in range(int(len(samples) / RATE * 5)):
            output.mux(pictures.encode(av.VideoFrame(64, 64, "yuv420p")))
        for at in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(
                samples[np.newaxis, at : at + 1024], format="s16", layout="mono"
            )
            frame.sample_rate = RATE
            output.mux(sound.encode(frame))
        output.mux(pictures.encode(None))
        output.mux(sound.encode(None))
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EarfulServer]:
    """A server that fetches recordings from this machine too."""
    allowed = {"EARFUL_ALLOW_PRIVATE_ADDRESSES": "true"}
    with start_server(tmp_path_factory.mktemp("examples"), allowed) as server:
        yield server


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first turns of the sample conversation, as raw samples, as sound and as a film."""
    folder = tmp_path_factory.mktemp("files")
    pcm = sample_pcm(SECONDS)
    (folder / "speech.pcm").write_bytes(pcm)
    write_wav(folder / "speech.wav", pcm)
    write_mp4(folder / "speech.mp4", pcm)
    return folder


@pytest.fixture(scope="module")
def web(files: Path) -> Iterator[str]:
    """The same files on a web server."""
    handler = functools.partial(_Quiet, directory=str(files))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        serving = threading.Thread(target=web.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()
        serving.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def run(
    server: EarfulServer, files: Path, web: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, Any]]:
    """Runs all examples with one client, once, and returns what each gave."""

    @functools.cache
    def run(client: str) -> dict[str, Any]:
        python = str(VENDOR_PYTHON) if client == "vendor" else sys.executable
        folder = tmp_path_factory.mktemp(client)
        address = f"base_url={server.base_url}\n" if client == "ours" else ""
        (folder / "symbl.conf").write_text(
            f"[credentials]\napp_id={server.app_id}\napp_secret={server.app_secret}\n{address}"
        )
        done = subprocess.run(
            [python, str(HERE / "python" / "examples.py")],
            env=os.environ
            | {
                "CLIENT": client,
                "BASE": server.base_url,
                "APP_ID": server.app_id,
                "APP_SECRET": server.app_secret,
                "SPEECH": str(files / "speech.pcm"),
                "AUDIO": str(files / "speech.wav"),
                "VIDEO": str(files / "speech.mp4"),
                "WEB": web,
            },
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        found = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
        assert found, done.stdout[-2000:] + done.stderr[-4000:]
        results: dict[str, Any] = json.loads(found[-1].removeprefix(MARK))
        return results

    return run


@pytest.fixture(params=["ours", "vendor"])
def client(request: pytest.FixtureRequest) -> str:
    """Whose package."""
    return str(request.param)


@pytest.fixture
def ours(client: str) -> bool:
    """Whether it is this project's, which does what the vendor's documents and its release does not."""
    return client == "ours"


@pytest.fixture
def result(run: Callable[[str], dict[str, Any]], client: str, request: pytest.FixtureRequest) -> Any:
    """What the example gave that the test is named after."""
    return run(client)[request.node.originalname.removeprefix("test_")]


def test_process_text(result: Any) -> None:
    assert result == [[QUESTION, PROMISE], "completed", ["price"]]


def test_append_text(result: Any) -> None:
    assert result == [[QUESTION, PROMISE, PROMISE], "Quote, continued"]


def test_process_audio_file(result: Any) -> None:
    said, members = result
    assert "warehouse" in " ".join(said).lower()
    assert set(members) <= {"Speaker 1", "Speaker 2"}
    assert members


def test_append_audio_file(result: Any) -> None:
    assert result[:2] == [QUESTION, PROMISE]
    assert "warehouse" in " ".join(result[2:]).lower()


def test_process_audio_url(result: Any) -> None:
    assert "warehouse" in " ".join(result).lower()


def test_append_audio_url(result: Any) -> None:
    assert result[:2] == [QUESTION, PROMISE]
    assert "warehouse" in " ".join(result[2:]).lower()


def test_process_video_file(result: Any) -> None:
    assert "warehouse" in " ".join(result).lower()


def test_append_video_file(result: Any) -> None:
    assert result[:2] == [QUESTION, PROMISE]
    assert "warehouse" in " ".join(result[2:]).lower()


def test_process_video_url(result: Any) -> None:
    assert "warehouse" in " ".join(result).lower()


def test_append_video_url(result: Any) -> None:
    assert result[:2] == [QUESTION, PROMISE]
    assert "warehouse" in " ".join(result[2:]).lower()


def test_conversation_class(result: Any) -> None:
    assert result == "all"


def test_delete_api_async(result: Any, ours: bool) -> None:
    deleted, messages = result
    assert deleted == ("{'message': 'successfully deleted the conversation'}" if ours else "None")
    assert (REFUSED in messages) == ours


def test_delete_api_conversationApi(result: Any, ours: bool) -> None:  # noqa: N802 (the file's name)
    deleted, messages = result
    assert deleted == ("{'message': 'successfully deleted the conversation'}" if ours else "None")
    assert (REFUSED in messages) == ours


def test_delete_api_streaming(result: Any, ours: bool) -> None:
    deleted, seen = result
    assert deleted == ("{'message': 'successfully deleted the conversation'}" if ours else "None")
    # The vendor's client hangs up at Ctrl-C; what comes later it does not hear.
    assert ({"message", "message_response"} if ours else {"message"}) <= set(seen)


def test_formatted_transcript_ConversationApi(result: Any, ours: bool) -> None:  # noqa: N802
    assert ("Ines: Could you <mark>" in result) if ours else (result == DEAD)


def test_formatted_transcript_api_async(result: Any, ours: bool) -> None:
    assert ("<mark>" in result and "Tomasz: " in result) if ours else (result == DEAD)


def test_formatted_transcript_api_streaming(result: Any, ours: bool) -> None:
    assert ("Rosa: " in result and "warehouse" in result.lower()) if ours else (result == DEAD)


def test_put_apis_example(result: Any, ours: bool) -> None:
    told, events, members = result
    if ours:
        assert "updated successfully" in told
        assert "Speaker events associated" in events
        assert "Luis" in members
    else:
        assert (told, events, members) == (DEAD, DEAD, ["Ines", "Tomasz"])


def test_put_members(result: Any, ours: bool) -> None:
    told, members = result
    assert ("updated successfully" in told) if ours else (told == DEAD)
    assert members == (["Inês", "Tomasz"] if ours else ["Ines", "Tomasz"])


def test_put_speaker_events_async(result: Any, ours: bool) -> None:
    told, members = result
    assert ("Speaker events associated" in told) if ours else (told == DEAD)
    assert members == (["Mara", "Luis"] if ours else ["Ines", "Tomasz"])


def test_put_speaker_events_streaming(result: Any, ours: bool) -> None:
    told, members = result
    assert ("Speaker events associated" in told) if ours else (told == DEAD)
    assert members == (["Mara"] if ours else ["Rosa"])


def test_streaming(result: Any, ours: bool) -> None:
    seen, said = result
    assert "message" in seen
    if ours:
        assert seen == ["message", "message_response", "tracker_response"]
        assert "warehouse" in " ".join(said).lower()


def test_NonBlockingCallsExample(result: Any) -> None:  # noqa: N802 (the file's name)
    went_on, said = result
    assert went_on == "went on"
    assert "warehouse" in " ".join(said).lower()


def test_PrettyPrintTranscription(result: Any) -> None:  # noqa: N802 (the file's name)
    assert "warehouse" in " ".join(result).lower()


def test_SpeechToTextOfDirectoryOfAudioFiles(result: Any) -> None:  # noqa: N802 (the file's name)
    assert result == [True, True]
