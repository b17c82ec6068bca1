"""A large language model behind a real HTTP server that speaks OpenAI's chat completions, well and badly."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from earful.insight.language_model import LanguageModel, LanguageModelError

Answer = Callable[[dict[str, Any]], tuple[int, str]]


class Endpoint(ThreadingHTTPServer):
    """Answers as it is told to; keeps what it was asked, and with which key."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: Answer = lambda _body: (200, completion("fine"))
        self.asked: list[tuple[str, str | None, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers.get("Authorization"), body))
        status, text = self.server.answer(body)
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(text.encode())
        except OSError:
            pass  # whoever asked has gone

    def log_message(self, *_: Any) -> None:
        pass


def completion(content: object) -> str:
    return json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]})


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def test_the_model_is_asked_as_openai_clients_ask(endpoint: Endpoint) -> None:
    """Path, key, model and messages are those of the API."""
    async with LanguageModel(endpoint.url, "small", "secret") as model:
        assert await model.answer("Sum up.", "Ana: hello") == "fine"
    ((path, key, body),) = endpoint.asked
    assert (path, key) == ("/v1/chat/completions", "Bearer secret")
    assert body["model"] == "small"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (429, '{"error": {"message": "slow down"}}'),
        (500, "oops"),
        (401, "{}"),
        (200, "<html>not JSON</html>"),
        (200, '{"choices": []}'),
        (200, '{"choices": [{"message": {}}]}'),
        (200, "[]"),
        (200, completion(None)),
        (200, completion("   ")),
    ],
)
async def test_every_bad_answer_is_one_kind_of_error(endpoint: Endpoint, status: int, text: str) -> None:
    """Refusals, crashes and wrong shapes raise `LanguageModelError`, without what was said."""
    endpoint.answer = lambda _body: (status, text)
    async with LanguageModel(endpoint.url, "small") as model:
        with pytest.raises(LanguageModelError) as caught:
            await model.answer("Sum up.", "my secret words")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("content", ["no JSON at all", '{"half": ', "[1, 2]"])
async def test_text_that_is_no_json_object_is_an_error(endpoint: Endpoint, content: str) -> None:
    endpoint.answer = lambda _body: (200, completion(content))
    async with LanguageModel(endpoint.url, "small") as model:
        with pytest.raises(LanguageModelError):
            await model.answer_json("Score.", "x")


async def test_json_is_read_out_of_a_code_fence(endpoint: Endpoint) -> None:
    endpoint.answer = lambda _body: (200, completion('Here:\n```json\n{"score": 7}\n```'))
    async with LanguageModel(endpoint.url, "small") as model:
        assert await model.answer_json("Score.", "x") == {"score": 7}


async def test_a_slow_or_absent_model_is_given_up(endpoint: Endpoint) -> None:
    """A model that takes too long, and one that is not there, cost the timeout and no more."""

    def slow(_body: dict[str, Any]) -> tuple[int, str]:
        time.sleep(0.5)
        return 200, completion("late")

    endpoint.answer = slow
    async with LanguageModel(endpoint.url, "small", timeout_s=0.1) as model:
        with pytest.raises(LanguageModelError):
            await model.answer("Sum up.", "x")
    async with LanguageModel("http://127.0.0.1:9/v1", "small", timeout_s=1) as model:
        with pytest.raises(LanguageModelError):
            await model.answer("Sum up.", "x")
