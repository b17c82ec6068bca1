"""The curl, Node and browser samples of the "getting started" document, taken from there, against the real
server.

Only what the document tells its reader to replace is replaced: the host, the conversation id and the token.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import symbl
from tests.compat.conftest import NODE_MODULES
from tests.sdk.test_seed_samples import SEEDS
from tests.support.server import EarfulServer
from tests.support.speech import sample_pcm

TAB = re.compile(r'<TabItem value="(?P<name>\w+)">\s*```js\n(?P<code>.*?)```', re.DOTALL)


def samples() -> dict[str, str]:
    """The samples by the name of their tab."""
    pages = [path.read_text(encoding="utf-8") for path in SEEDS.glob("002_*.txt")]
    return {match["name"]: match["code"] for page in pages for match in TAB.finditer(page)}


@pytest.fixture(scope="module")
def conversation(earful_server: EarfulServer) -> str:
    """The id of a conversation in which something was said."""
    with (
        symbl.Client(base_url=earful_server.base_url, credentials=earful_server.credentials) as client,
        client.streaming.start_connection(
            config={"speechRecognition": {"sampleRateHertz": 16000}}
        ) as connection,
    ):
        connection.send_audio(sample_pcm(5))
    assert connection.conversation_id is not None
    return connection.conversation_id


def filled(code: str, server: EarfulServer, conversation: str) -> str:
    """The sample with the reader's own host, conversation and token."""
    code = code.replace("https://api.symbl.ai", server.base_url).replace("{conversationId}", conversation)
    return code.replace(f"${conversation}", conversation).replace('"conversationId"', f'"{conversation}"')


@pytest.mark.skipif(not samples(), reason=f"no seed documents in {SEEDS}")
@pytest.mark.parametrize("name", ["cURL", "nodejs", "javascript"])
def test_reading_the_transcript(
    name: str, earful_server: EarfulServer, conversation: str, tmp_path: Path
) -> None:
    """Each prints the messages or says that it worked."""
    code = filled(samples()[name], earful_server, conversation)
    token = earful_server.token()
    if name == "cURL":
        command, extra = ["bash", "-c", code], {"AUTH_TOKEN": token}
    else:
        program = tmp_path / "sample.cjs"
        code = code.replace('"AUTH_TOKEN"', json.dumps(token)).replace(
            "= AUTH_TOKEN", f"= {json.dumps(token)}"
        )
        program.write_text(code)
        command, extra = ["node", "--no-deprecation", str(program)], {"NODE_PATH": str(NODE_MODULES)}
    done = subprocess.run(
        command, env=os.environ | extra, capture_output=True, text=True, timeout=60, check=True
    )
    assert ("Success" if name == "javascript" else "morning") in done.stdout, done.stdout + done.stderr
