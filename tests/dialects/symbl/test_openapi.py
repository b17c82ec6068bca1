"""`/docs` describes every route as it is; nothing that follows or breaks it breaks the server."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import EarfulServer, start_server

# Two checks of schemathesis are left out. One wants everything refused that the schema does not allow,
# where this API takes numbers and booleans as text and ignores what it does not know, as clients need.
# The other wants everything taken that the schema allows, where it cannot say what an address or a
# condition has to look like.
LEFT_OUT = "negative_data_rejection,positive_data_acceptance"
# One worker: with two, threads that read source at once trip over a fault of CPython 3.11's ast.parse
# ("AST constructor recursion depth mismatch").
COMMAND = [
    str(Path(sys.executable).with_name("schemathesis")),
    "run",
    *("--phases", "examples,fuzzing", "--max-examples", "5", "--seed", "1", "--no-color"),
    *(
        "--generation-database",
        "none",
        "--warnings",
        "off",
        "--no-shrink",
        "--exclude-checks",
        LEFT_OUT,
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server of its own: what is sent to it is not fit for others' settings."""
    with start_server(tmp_path_factory.mktemp("openapi")) as server:
        yield server


@pytest.mark.timeout(900)
def test_schemathesis_finds_nothing(server: EarfulServer, tmp_path: Path) -> None:
    address = f"{server.base_url}/openapi.json"
    header = ("-H", f"Authorization: Bearer {server.token()}")
    run = subprocess.run(
        [*COMMAND, address, *header], cwd=tmp_path, capture_output=True, text=True, timeout=880, check=False
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2000:]
    assert " generated" in run.stdout
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_every_route_and_parameter_says_what_it_is(server: EarfulServer) -> None:
    paths = httpx.get(f"{server.base_url}/openapi.json", trust_env=False).json()["paths"]
    for path, routes in paths.items():
        for method, route in routes.items():
            assert route.get("summary"), (method, path)
            assert route.get("description"), (method, path)
            assert route.get("tags"), (method, path)


def test_every_body_and_every_answer_of_the_api_has_a_schema_and_an_example(server: EarfulServer) -> None:
    document = httpx.get(f"{server.base_url}/openapi.json", trust_env=False).json()
    missing = []
    for path, routes in document["paths"].items():
        for method, route in routes.items():
            if not path.startswith(("/v1/", "/oauth2/")):
                continue
            success = next(answer for status, answer in route["responses"].items() if status.startswith("2"))
            for what, content in (
                ("body", route.get("requestBody", {}).get("content", {}).get("application/json")),
                ("answer", success.get("content", {}).get("application/json")),
            ):
                if content and content.get("schema") and not _has_example(content, document):
                    missing.append(f"{method} {path}: {what}")
    assert missing == []


def _has_example(content: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether there is an example of the whole, or of some field of it."""
    if "example" in content or "examples" in content:
        return True

    def shown(node: Any, seen: tuple[str, ...] = ()) -> bool:
        if isinstance(node, list):
            return any(shown(item, seen) for item in node)
        if not isinstance(node, dict):
            return False
        if "example" in node or "examples" in node:
            return True
        reference = node.get("$ref")
        if reference is not None and reference not in seen:
            return shown(document["components"]["schemas"][reference.rsplit("/", 1)[1]], (*seen, reference))
        return any(shown(value, seen) for value in node.values())

    return shown(content.get("schema"))
