"""The live page in Chromium against a stand-in server: what it shows, and how it bears trouble."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import FAKE_MICROPHONE, Replay
from tests.pages.replay import CONVERSATION_ID

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]


def start(page: Page) -> None:
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#state")).to_have_text("Listening")


def test_captions_settle_word_by_word(replay: Replay, chromium: Browser, open_page: OpenPage) -> None:
    """Words that two hypotheses agree on become firm; the newest stay apart until they do."""
    replay.behaviour.turns[1]["start"] = replay.behaviour.turns[1]["end"] = 900.0
    replay.behaviour.turns[0].update(start=0.2, end=8.0)
    page = open_page(chromium, replay.base_url)
    start(page)
    settled, unsettled = page.locator("#partial .settled"), page.locator("#partial .unsettled")
    expect(settled).to_have_text(re.compile(r"^When will the"))
    expect(unsettled).to_have_text(re.compile(r"^\w+$"))
    assert page.locator("#transcript .sentence").count() == 0


def test_sentences_replace_the_captions_they_came_from(
    replay: Replay, chromium: Browser, open_page: OpenPage
) -> None:
    """Finals become sentences in turns with speaker and time, and no word is shown twice."""
    page = open_page(chromium, replay.base_url)
    start(page)
    expect(page.locator(".sentence")).to_have_text([turn["text"] for turn in replay.behaviour.turns])
    expect(page.locator("#partial")).to_be_hidden()
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".turn .speaker")).to_have_text("Maya")
    expect(page.locator(".turn time")).to_have_text("0:00")


def test_findings_are_linked_to_their_sentences(
    replay: Replay, chromium: Browser, open_page: OpenPage
) -> None:
    """Each kind has its list; choosing a finding lights up and focuses the sentence it came from."""
    page = open_page(chromium, replay.base_url)
    start(page)
    for kind, text in [
        ("question", "When will the new dock be inspected?"),
        ("action_item", "Maya will send you the report by Friday."),
        ("follow_up", "Let's meet again on Monday."),
        ("topic", "new dock"),
    ]:
        expect(page.locator(f"[data-kind={kind}] li")).to_contain_text(text)
        expect(page.locator(f"[data-kind={kind}] [data-count]")).to_have_text("1")
    expect(page.locator("[data-kind=action_item] .due")).to_contain_text("Mar 6")
    sentence = page.get_by_text("I will send you the report by Friday.", exact=True)
    expect(sentence).to_have_attribute("data-found", "action_item")
    page.locator("[data-kind=action_item] li button").hover()
    expect(sentence).to_have_class(re.compile(r"\blit\b"))
    page.locator("[data-kind=action_item] li button").click()
    expect(sentence).to_be_focused()


def test_the_request_says_who_speaks_and_how(replay: Replay, chromium: Browser, open_page: OpenPage) -> None:
    """The name that was entered, the capture's own rate, and a reconnect window go to the server."""
    page = open_page(chromium, replay.base_url)
    page.get_by_label("Your name").fill("Maya")
    start(page)
    page.wait_for_timeout(500)
    request = replay.behaviour.starts[0]
    assert request["speaker"] == {"name": "Maya", "userId": "Maya"}
    assert request["config"]["speechRecognition"] == {"encoding": "LINEAR16", "sampleRateHertz": 16_000}
    assert request["noConnectionTimeout"] == 60
    assert replay.behaviour.audio_bytes > 8_000
    expect(page.locator("#level")).to_have_attribute("aria-valuenow", re.compile(r"^([2-9]\d|100)$"))


def test_stop_gives_the_address_of_the_conversation(
    replay: Replay, chromium: Browser, open_page: OpenPage
) -> None:
    """After stop nothing more is sent, the last words have come, and the address can be copied."""
    page = open_page(chromium, replay.base_url, permissions=["clipboard-read", "clipboard-write"])
    start(page)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#state")).to_have_text("Finished")
    address = f"{replay.base_url}/conversations/{CONVERSATION_ID}"
    expect(page.locator("#result-id")).to_have_text(address)
    expect(page.locator(".sentence").last).to_have_text("Let's meet again on Monday.")
    page.get_by_role("button", name="Copy its address").click()
    assert page.evaluate("navigator.clipboard.readText()") == address
    sent = replay.behaviour.audio_bytes
    page.wait_for_timeout(300)
    assert replay.behaviour.audio_bytes == sent


def test_a_second_conversation_starts_clean(replay: Replay, chromium: Browser, open_page: OpenPage) -> None:
    """Starting again makes a new connection, and nothing of the last conversation stays."""
    page = open_page(chromium, replay.base_url)
    start(page)
    expect(page.locator(".sentence")).to_have_count(3)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Start again").click()
    expect(page.locator("#state")).to_have_text("Listening")
    expect(page.locator("#result")).to_be_hidden()
    expect(page.locator(".sentence")).to_have_count(3)
    assert len(set(replay.behaviour.sockets)) == 2


def test_a_lost_connection_is_carried_on(replay: Replay, chromium: Browser, open_page: OpenPage) -> None:
    """The page reconnects to the same id with the same request, and sends what was said meanwhile."""
    replay.behaviour.lose_after = 8_000
    page = open_page(chromium, replay.base_url)
    # It may be there for a moment only: what it has said is kept.
    page.evaluate(
        """() => {
            const notice = document.querySelector("#notice");
            window.notices = [];
            const keep = () => window.notices.push(notice.textContent);
            const whatever = { subtree: true, childList: true, characterData: true };
            new MutationObserver(keep).observe(notice, whatever);
        }"""
    )
    start(page)
    while not any("The connection was lost" in text for text in page.evaluate("() => window.notices")):
        page.wait_for_timeout(50)
    expect(page.locator("#state")).to_have_text("Listening")
    expect(page.locator("#notice")).to_be_hidden()
    first, second = replay.behaviour.sockets
    assert first == second
    assert replay.behaviour.starts[0] == replay.behaviour.starts[1]
    while replay.behaviour.audio_bytes <= 24_000:
        page.wait_for_timeout(50)


def test_a_full_server_is_named(replay: Replay, chromium: Browser, open_page: OpenPage) -> None:
    """A refused stream is explained with the server's own words, and the button is ready again."""
    replay.behaviour.refuse = 503
    page = open_page(chromium, replay.base_url, expect="WebSocket connection|503")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#notice")).to_have_text("Every stream of this server is taken.")
    expect(page.locator("#state")).to_have_text("Ready")
    expect(page.get_by_role("button", name="Start")).to_be_enabled()


def test_an_error_from_the_server_is_shown(replay: Replay, chromium: Browser, open_page: OpenPage) -> None:
    """An error message on the wire reaches the person and ends nothing by itself."""
    replay.behaviour.complain = "the audio is <b>silent</b>"
    page = open_page(chromium, replay.base_url)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#notice")).to_have_text("the audio is <b>silent</b>")
    expect(page.locator("#state")).to_have_text("Listening")


def test_a_refused_microphone_is_explained(
    replay: Replay, launch: Callable[..., Browser], open_page: OpenPage
) -> None:
    """Without permission the page says where to give it, and holds no stream on the server."""
    browser = launch("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    page = open_page(browser, replay.base_url)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#notice")).to_contain_text("may not use the microphone")
    expect(page.locator("#state")).to_have_text("Ready")
    assert replay.behaviour.sockets == []


def test_a_missing_microphone_is_explained(
    replay: Replay, launch: Callable[..., Browser], open_page: OpenPage
) -> None:
    """A machine without a microphone is told so, and that a file will do instead."""
    page = open_page(launch("--use-fake-ui-for-media-stream"), replay.base_url)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#notice")).to_contain_text("No microphone was found")


def test_a_file_is_streamed_and_stops_by_itself(
    replay: Replay, chromium: Browser, open_page: OpenPage, tmp_path: Path, sample_wav: Path
) -> None:
    """An audio file of the person's own goes the same way, at its own pace, to its end."""
    short = tmp_path / "short.wav"
    data = bytearray(sample_wav.read_bytes()[: 44 + 48_000])
    data[4:8] = (36 + 48_000).to_bytes(4, "little")
    data[40:44] = (48_000).to_bytes(4, "little")
    short.write_bytes(data)
    page = open_page(chromium, replay.base_url)
    page.set_input_files("#file", short)
    expect(page.locator("#state")).to_have_text("Finished")
    assert replay.behaviour.audio_bytes == pytest.approx(48_000, abs=6_400)
    expect(page.locator("#result")).to_be_visible()


def test_a_file_without_sound_is_refused(
    replay: Replay, chromium: Browser, open_page: OpenPage, tmp_path: Path
) -> None:
    """What the browser cannot decode is named, and no stream is opened for it."""
    broken = tmp_path / "notes.mp3"
    broken.write_text("no sound")
    page = open_page(chromium, replay.base_url)
    page.set_input_files("#file", broken)
    expect(page.locator("#notice")).to_contain_text("“notes.mp3”")
    assert replay.behaviour.sockets == []


@pytest.mark.parametrize("replay", [{"local_sign_in": False}], indirect=True)
def test_sign_in_with_an_applications_credentials(
    replay: Replay, chromium: Browser, open_page: OpenPage
) -> None:
    """Where the owner is not known the page asks; a wrong secret is named, a right one goes on."""
    credentials = replay.behaviour.credentials
    assert credentials is not None
    page = open_page(chromium, replay.base_url, expect="40")
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Application id").fill(credentials.app_id)
    page.get_by_label("Application secret").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#sign-in-problem")).to_contain_text("do not belong together")
    page.get_by_label("Application secret").fill(credentials.app_secret)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#state")).to_have_text("Listening")
    kept = page.evaluate("JSON.stringify([sessionStorage, localStorage])")
    assert credentials.app_secret not in kept


@pytest.mark.parametrize("replay", [{"local_sign_in": False}], indirect=True)
def test_sign_in_can_be_left(replay: Replay, chromium: Browser, open_page: OpenPage) -> None:
    """Escape closes the form and leaves the page ready."""
    page = open_page(chromium, replay.base_url, expect="403")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#sign-in")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#notice")).to_contain_text("Sign in to go on")
    expect(page.locator("#state")).to_have_text("Ready")


def test_a_foreign_name_means_sign_in_and_https(
    replay: Replay, launch: Callable[..., Browser], open_page: OpenPage
) -> None:
    """Reached by another name over plain http, the page asks who it is, then for https."""
    browser = launch(*FAKE_MICROPHONE, "--host-resolver-rules=MAP earful.test 127.0.0.1")
    address = replay.base_url.replace("127.0.0.1", "earful.test")
    page = open_page(browser, address, expect="403")
    credentials = replay.behaviour.credentials
    assert credentials is not None
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Application id").fill(credentials.app_id)
    page.get_by_label("Application secret").fill(credentials.app_secret)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#notice")).to_contain_text("https://")
    expect(page.locator("#state")).to_have_text("Ready")


def test_it_works_by_keyboard_on_a_phone(replay: Replay, chromium: Browser, open_page: OpenPage) -> None:
    """On a narrow screen nothing overflows, and captions and findings are two views of one page."""
    page = open_page(chromium, replay.base_url, viewport={"width": 360, "height": 700})
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sentence").first).to_be_visible()
    expect(page.locator("#tab-count")).to_have_text("4")
    page.locator("#tab-findings").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-kind=question] li")).to_be_visible()
    expect(page.locator("#transcript")).to_be_hidden()
    page.locator("[data-kind=question] li button").click()
    expect(page.locator(".sentence").first).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_light_and_dark(
    replay: Replay, chromium: Browser, open_page: OpenPage, scheme: str
) -> None:
    """Every text colour reaches 4.5:1 on what it stands on, and the choice of theme is kept."""
    page = open_page(chromium, replay.base_url, color_scheme=scheme)
    start(page)
    expect(page.locator(".sentence")).to_have_count(3)
    for selector in ["#state", ".sentence", ".turn time", ".facts", "h2", "#record", ".field span", ".due"]:
        ratio = page.evaluate(CONTRAST, selector)
        assert ratio >= 4.5, selector
    page.locator("#theme").click()
    other = "light" if scheme == "dark" else "dark"
    assert page.evaluate("document.documentElement.dataset.theme") == other
    assert page.evaluate("localStorage.getItem('earful.theme')") == other


CONTRAST = """selector => {
  const numbers = (colour) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const element = document.querySelector(selector);
  let ground = element;
  while (numbers(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
  const pair = [element, ground].map((one, i) =>
    light(numbers(getComputedStyle(one)[i ? "backgroundColor" : "color"])));
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""
