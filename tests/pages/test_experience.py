"""One conversation's page in Chromium, for its owner and behind a signed address: seen, heard, put right."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import SAMPLE
from tests.support.server import EarfulServer, start_server

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


@dataclass
class Held:
    """A server that keeps recordings, and the sample on it, told apart by voice."""

    server: EarfulServer
    http: httpx.Client
    conversation: str

    @property
    def page(self) -> str:
        return f"{self.server.base_url}/conversations/{self.conversation}"

    def address(self, **fields: Any) -> str:
        body = {"name": "verbose-text-summary", **fields}
        made = self.http.post(f"/v1/conversations/{self.conversation}/experiences", json=body)
        return str(made.json()["url"])

    def messages(self) -> list[dict[str, Any]]:
        found = self.http.get(f"/v1/conversations/{self.conversation}/messages")
        return list(found.json()["messages"])


def until(page: Page, true: str) -> None:
    """Wait for a script's answer; Playwright's own way is forbidden by the pages' security policy."""
    for _ in range(400):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never {true}")


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser]) -> Browser:
    return launch()


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    data = tmp_path_factory.mktemp("kept") / "data"
    with (
        start_server(data, {"EARFUL_KEEP_RECORDINGS": "true"}) as server,
        httpx.Client(base_url=server.base_url, trust_env=False, timeout=60) as http,
    ):
        session = http.post("/pages/session", json={}, headers={"Origin": server.base_url}).json()
        http.headers["Authorization"] = f"Bearer {session['accessToken']}"
        asked = {"name": "Dock <i>inspection</i>", "enableSpeakerDiarization": "true"}
        sent = http.post(
            "/v1/process/audio",
            params={**asked, "diarizationSpeakerCount": "2", "enableSummary": "true"},
            content=(SAMPLE / "conversation.ogg").read_bytes(),
        ).json()
        while (job := http.get(f"/v1/job/{sent['jobId']}").json())["status"] not in ("completed", "failed"):
            time.sleep(0.2)
        assert job["status"] == "completed", job
        yield Held(server, http, sent["conversationId"])


def test_the_owner_sees_hears_finds_and_takes_away_what_was_said(
    held: Held, browser: Browser, open_page: OpenPage
) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    page = open_page(browser, held.page, expect="willReadFrequently", permissions=allowed)
    expect(page.get_by_role("heading", name="Dock <i>inspection</i>")).to_be_visible()
    said = [message["text"] for message in held.messages()]
    sentences = page.locator(".sentence")
    assert sentences.all_inner_texts() == said
    expect(page.locator("#facts")).to_contain_text("1:")
    expect(page.locator(".speaker").first).to_have_text("Speaker 1")
    assert page.locator(".talk tbody tr:not(.bar-row)").count() == 2

    # A click plays from there; the wave is drawn of what the server measured.
    audio = "document.querySelector('audio')"
    asked = sentences.filter(has_text="When will the inspection happen?")
    asked.click()
    until(page, f"!{audio}.paused && {audio}.currentTime > {asked.get_attribute('data-start')}")
    expect(asked).to_have_class(re.compile("playing"))
    page.evaluate(f"{audio}.pause()")
    drawn = "(() => { const c = document.querySelector('.wave'); return new Uint32Array(c.getContext('2d')"
    drawn += ".getImageData(0, 0, c.width, c.height).data.buffer).filter(Boolean).length; })()"
    until(page, f"{drawn} > 1000")

    # The keyboard goes from sentence to sentence, and along the time line.
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == said[said.index(asked.inner_text()) + 1]
    place = page.get_by_role("slider", name="Place in the conversation")
    place.focus()
    before = float(place.input_value())
    page.keyboard.press("ArrowRight")
    assert float(place.input_value()) == pytest.approx(before + 5, abs=0.2)

    # Each finding leads to its words.
    promise = page.locator("[data-kind=action_item] a").first
    promise.click()
    focused = page.locator(".sentence:focus")
    expect(focused).to_have_attribute("data-found", re.compile("action_item|follow_up"))
    assert page.url.endswith("#" + str(focused.get_attribute("id")))

    page.get_by_label("Find in the transcript").fill("inspection")
    expect(page.locator("#find-count")).to_have_text(re.compile(r"^1 of \d$"))
    page.keyboard.press("Enter")
    expect(page.locator("#find-count")).to_have_text(re.compile(r"^2 of \d$"))
    expect(page.locator(".sentence.lit")).to_contain_text("inspection")

    page.get_by_text("Take a copy").click()
    page.get_by_role("button", name="Copy to the clipboard").click()
    expect(page.locator("#told")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    written = {}
    for label, name in (
        ("Text", "txt"),
        ("Markdown", "md"),
        ("SRT", "srt"),
        ("WebVTT", "vtt"),
        ("JSON", "json"),
    ):
        page.get_by_text("Take a copy").click()
        with page.expect_download() as started:
            page.locator(".menu a").filter(has_text=label).click()
        assert started.value.suggested_filename == f"Dock i inspection i.{name}"
        written[name] = Path(started.value.path()).read_text("utf-8")
        page.mouse.click(5, 5)
    assert written["txt"] == copied
    assert written["txt"].startswith("[0:00] Speaker 1: ")
    assert written["md"].startswith("# Dock \\<i\\>inspection\\</i\\>\n")
    assert re.search(r"## Action items\n\n(?:- .*\n)*- .* \(by \w{3} \d+ \w{3}\)\n", written["md"])
    assert re.match(r"1\n00:00:0\d,\d{3} --> 00:00:\d\d,\d{3}\nSpeaker 1: ", written["srt"])
    assert re.match(r"WEBVTT\n\n00:00:0\d\.\d{3} --> 00:00:\d\d\.\d{3}\n<v Speaker 1>", written["vtt"])
    stored = json.loads(written["json"])
    assert [message["text"] for message in stored["messages"]] == said
    assert stored["summary"]
    for text in (written["srt"], written["vtt"]):
        assert all(sentence in text for sentence in said)


def test_the_owner_corrects_words_and_names_and_shares_what_may_not_be_changed(
    held: Held, browser: Browser, open_page: OpenPage
) -> None:
    page = open_page(browser, held.page, permissions=["clipboard-read", "clipboard-write"])
    before = held.messages()[0]["text"]
    page.get_by_role("button", name="Correct the words").click()
    first = page.locator(".sentence").first
    first.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Good evening, <b>Daniel</b>.")
    page.keyboard.press("Escape")
    expect(first).to_have_text(before)
    first.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Good evening, <b>Daniel</b>.")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text("Saved")
    assert held.messages()[0]["text"] == "Good evening, <b>Daniel</b>."
    found = held.http.get("/v1/search", params={"q": "evening"}).json()["results"]
    assert [hit["conversationId"] for hit in found] == [held.conversation]

    page.locator(".speaker").first.click()
    name = page.get_by_label("Name of Speaker 1")
    expect(name).to_be_focused()
    name.fill("Maya")
    page.keyboard.press("Enter")
    expect(page.locator(".speaker").first).to_have_text("Maya")
    expect(page.locator("#people")).to_have_text("Maya, Speaker 2")
    page.reload()
    expect(page.locator(".sentence").first).to_have_text("Good evening, <b>Daniel</b>.")
    expect(page.locator("#facts")).to_contain_text("Maya, Speaker 2")

    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    shared = open_page(browser, address, viewport={"width": 390, "height": 780}, color_scheme="dark")
    expect(shared.locator(".sentence").first).to_have_text("Good evening, <b>Daniel</b>.")
    expect(shared.get_by_role("button", name="Correct the words")).to_have_count(0)
    expect(shared.get_by_role("button", name="Delete")).to_have_count(0)
    assert shared.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert shared.evaluate("document.querySelectorAll('.names').length") == 0
    shared.locator(".sentence").nth(2).click()
    until(shared, "!document.querySelector('audio').paused")


def test_a_shared_page_is_complete_without_a_script_and_changes_nothing_it_may_not(
    held: Held, browser: Browser, open_page: OpenPage
) -> None:
    page = open_page(browser, held.address(readOnly=True), java_script_enabled=False)
    expect(page.locator(".sentence").last).to_be_visible()
    expect(page.locator("audio")).to_be_visible()
    expect(page.locator(".script")).not_to_have_count(0)
    assert not [one for one in page.locator(".script").all() if one.is_visible()]
    link = page.locator("[data-kind=question] a").first
    target = page.locator(str(link.get_attribute("href")).replace("#m", "[id=m") + "]")
    expect(target).to_be_visible()
    token = page.url.partition("?o=")[2]
    message = held.messages()[0]["id"]
    for path in (f"messages/{message}", "members/1"):
        answer = httpx.post(
            f"{held.server.base_url}/experiences/{held.conversation}/{path}?o={token}",
            data={"text": "no", "name": "no"},
            headers={"Accept": "application/json"},
            trust_env=False,
        )
        assert (answer.status_code, answer.json()) == (
            403,
            {"message": "Nothing can be changed under this address."},
        )


def test_recordings_are_played_in_parts_and_only_under_the_address_of_their_conversation(held: Held) -> None:
    page = httpx.get(held.address(), trust_env=False).text
    src = str(re.findall(r'<audio[^>]* src="([^"]+)"', page)[0]).replace("&amp;", "&")
    part = httpx.get(held.server.base_url + src, headers={"Range": "bytes=0-99"}, trust_env=False)
    assert (part.status_code, len(part.content), part.headers["content-type"]) == (206, 100, "audio/ogg")
    assert part.content[:4] == b"OggS"
    assert part.headers["content-security-policy"] == "sandbox"
    peaks = httpx.get(held.server.base_url + src.replace("?", "/peaks?"), trust_env=False).json()["peaks"]
    assert len(peaks) == 600
    assert max(peaks) == 100
    assert httpx.get(held.server.base_url + src[:-4], trust_env=False).status_code == 403
    other = src.replace(held.conversation, "1000000000000001")
    assert httpx.get(held.server.base_url + other, trust_env=False).status_code == 403


def test_a_conversation_that_is_deleted_is_gone_from_every_page(
    held: Held, browser: Browser, open_page: OpenPage
) -> None:
    address = held.address()
    page = open_page(browser, held.page, expect="40[34]")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/conversations")
    page.goto(held.page)
    expect(page.get_by_role("heading", name="There is no such conversation")).to_be_visible()
    page.goto(address)
    expect(page.get_by_text("This conversation was deleted.")).to_be_visible()
    assert not list((held.server.data_dir / "recordings").iterdir())
