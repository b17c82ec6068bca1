"""A large language model behind any endpoint that speaks OpenAI's chat completions. Never required."""

import json
from types import TracebackType
from typing import Any, Self

import httpx

__all__ = ["LanguageModel", "LanguageModelError"]


class LanguageModelError(Exception):
    """The model did not answer, or not in the form that was asked for. Holds nothing that was said."""


class LanguageModel:
    """Asks one model. `url` is the API's base (`http://localhost:11434/v1`) or the whole address."""

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str | None = None,
        *,
        timeout_s: float = 120.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        url = url.rstrip("/")
        self._url = url if url.endswith("/chat/completions") else f"{url}/chat/completions"
        self._model = model
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = httpx.AsyncClient(headers=headers, timeout=timeout_s, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Part with the connections."""
        await self._http.aclose()

    async def answer(self, task: str, material: str) -> str:
        """Return what the model writes. Raises `LanguageModelError`."""
        body = {
            "model": self._model,
            "messages": [{"role": "system", "content": task}, {"role": "user", "content": material}],
            "temperature": 0,
        }
        try:
            answer = await self._http.post(self._url, json=body)
            answer.raise_for_status()
            text = answer.json()["choices"][0]["message"]["content"]
        except httpx.HTTPStatusError as error:
            raise LanguageModelError(f"the endpoint answered {error.response.status_code}") from None
        except httpx.HTTPError as error:
            raise LanguageModelError(f"the endpoint cannot be reached ({type(error).__name__})") from None
        except (ValueError, KeyError, IndexError, TypeError):
            raise LanguageModelError("the endpoint's answer is no chat completion") from None
        if not isinstance(text, str) or not text.strip():
            raise LanguageModelError("the model wrote nothing")
        return text.strip()

    async def answer_json(self, task: str, material: str) -> dict[str, Any]:
        """Return the JSON object that the model writes, out of a code fence if need be.

        Raises `LanguageModelError`.
        """
        text = await self.answer(task, material)
        try:
            value = json.loads(text[text.index("{") : text.rindex("}") + 1])
        except ValueError:
            raise LanguageModelError("the model did not write JSON") from None
        if not isinstance(value, dict):
            raise LanguageModelError("the model did not write a JSON object")
        return value
