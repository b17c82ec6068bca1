"""The pages in Chromium, with the sample as its microphone, against a real `earful serve`."""

import itertools
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.server import EarfulServer

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
Spoken = tuple[str, list[str], list[list[str]]]
SECONDS = 1000
HEARD_MS = 60 * SECONDS


@pytest.fixture(scope="module")
def spoken(earful_server: EarfulServer, chromium: Browser) -> Spoken:
    """Speak the first half minute of the sample to the live page.

    Returns the conversation's address, the sentences shown, and every state of the partial line.
    """
    context = chromium.new_context(viewport={"width": 390, "height": 780})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: message.type == "error" and problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(earful_server.base_url)
    page.evaluate(
        """() => {
          window.partials = [];
          const line = document.getElementById("partial");
          new MutationObserver(() => window.partials.push(
            [...line.children].map((one) => one.textContent.trim()),
          )).observe(line, { childList: true, characterData: true, subtree: true });
        }"""
    )
    page.get_by_label("Your name").fill("Maya")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-kind=action_item] li")).not_to_have_count(0, timeout=HEARD_MS)
    expect(page.locator("[data-kind=topic] li")).not_to_have_count(0)
    assert page.locator("[data-kind=question] li").count() >= 1
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#result")).to_be_visible(timeout=30 * SECONDS)
    sentences = page.locator(".sentence").all_inner_texts()
    partials = page.evaluate("window.partials")
    address = page.locator("#result-id").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
    assert not problems
    return address, sentences, partials


def test_captions_grow_and_settle(spoken: Spoken) -> None:
    """A partial line grows, its settled part too, and its words end up in sentences."""
    _, sentences, partials = spoken
    settled = [firm for firm, _ in partials if firm]
    assert any(
        later.startswith(former) and len(later) > len(former) for former, later in itertools.pairwise(settled)
    )
    assert any(loose for _, loose in partials)
    said = " ".join(sentences).lower()
    for word in ("morning", "inspection", "tuesday", "report", "wednesday"):
        assert word in said


def test_the_conversation_page_shows_what_was_said(
    spoken: Spoken, chromium: Browser, open_page: OpenPage
) -> None:
    """The address that stop gave shows the same sentences, the speaker, and the findings."""
    address, sentences, _ = spoken
    page = open_page(chromium, address)
    expect(page.locator(".sentence").first).to_be_visible()
    assert page.locator(".sentence").all_inner_texts() == sentences
    expect(page.locator(".speaker").first).to_have_text("Maya")
    expect(page.locator("#facts")).to_contain_text("Maya")
    expect(page.locator("h1")).to_contain_text("Live captions")
    expect(page.locator("[data-kind=action_item] li").first).to_contain_text("Maya")
    page.locator("[data-kind=action_item] li a").first.click()
    expect(page.locator(".sentence:focus")).to_have_attribute("data-found", "action_item")


def test_the_rest_api_agrees(spoken: Spoken, earful_server: EarfulServer) -> None:
    """It belongs to the default application: another's token cannot see it."""
    identity = spoken[0].rsplit("/", 1)[1]
    answer = httpx.get(
        f"{earful_server.base_url}/v1/conversations/{identity}/messages",
        headers={"x-api-key": earful_server.token()},
        trust_env=False,
    )
    assert answer.status_code == 404


def test_a_strange_address_is_explained(
    earful_server: EarfulServer, chromium: Browser, open_page: OpenPage
) -> None:
    """An unknown conversation gets a sentence, not an empty page."""
    page = open_page(chromium, f"{earful_server.base_url}/conversations/1000000000000001", expect="404")
    expect(page.locator("h1")).to_have_text("There is no such conversation")
    page.get_by_role("link", name="All conversations").click()
    page.wait_for_url("**/conversations")
