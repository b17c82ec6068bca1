"""The code of the Bodhi seed document, read from there and put into the programs that it is part of."""

import html
import os
import re
import textwrap
from pathlib import Path

__all__ = ["SEED", "sdk_program", "snippets", "websocket_program"]

REPOSITORY = Path(__file__).parents[2]
SEEDS = Path(os.environ.get("EARFUL_SEEDS", REPOSITORY.parent / "shared" / "seeds"))
SEED = next(iter(SEEDS.glob("004_*.txt")), None)
_CODE = re.compile(
    r"^```python\n(?P<fence>.*?)^```"
    r'|<pre class="language-python"><code class="lang-python">(?P<pre>.*?)</code></pre>',
    re.MULTILINE | re.DOTALL,
)


def snippets() -> list[str]:
    """Return the document's Python, in its order."""
    assert SEED is not None
    found = []
    for match in _CODE.finditer(SEED.read_text(encoding="utf-8")):
        code = match["fence"]
        if code is None:
            code = html.unescape(re.sub(r"</?strong>", "", match["pre"]))
        found.append(code)
    return found


def _one(*marks: str) -> str:
    """Return the one snippet that holds all the marks."""
    (code,) = [code for code in snippets() if all(mark in code for mark in marks)]
    return code


def sdk_program(mark: str) -> str:
    """Return a program of the common setup, the handlers, and the snippet that holds `mark`.

    What the document leaves to its reader is put around them: the imports, the two credentials and an
    `async` function.
    """
    body = _one("client = BodhiClient(") + "\n" + _one(mark)
    handlers = _one("async def on_transcript")
    return (
        "import asyncio, os\nfrom bodhi import TranscriptionConfig, TranscriptionResponse\n"
        "API_KEY, CUSTOMER_ID = os.environ['API_KEY'], os.environ['CUSTOMER_ID']\n"
        f"{handlers}\nasync def main():\n{textwrap.indent(body, '    ')}\nasyncio.run(main())\n"
    )


def websocket_program() -> str:
    """Return the plain WebSocket program: the snippets that follow each other inside the connection."""
    connect = _one("session.ws_connect(uri)")
    inside = _one("config_msg = json.dumps") + "\n" + _one("asyncio.gather(send_task, recv_task)")
    before, after = connect.split("    except aiohttp.WSServerHandshakeError", 1)
    main = f"{before}{textwrap.indent(inside, ' ' * 12)}\n    except aiohttp.WSServerHandshakeError{after}"
    functions = _one("async def send_audio(") + "\n" + _one("async def receive_transcription(")
    return (
        "import asyncio, json, os, sys, uuid, wave\nimport aiohttp\n"
        "api_key, customer_id = os.environ['API_KEY'], os.environ['CUSTOMER_ID']\n"
        "uri, filepath, ssl_context = os.environ['BODHI_URL'], 'loan.wav', None\n"
        f"{functions}\nasync def main():\n{textwrap.indent(main, '    ')}\nasyncio.run(main())\n"
    )
