"""The list of conversations in Chromium, against a real `earful serve`: upload, find, open, delete."""

import base64
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.pages.conftest import SAMPLE
from tests.support.server import EarfulServer

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
HEARD_MS = 120_000


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser]) -> Browser:
    return launch()


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sample under a name with markup in it, and a file that is no recording."""
    folder = tmp_path_factory.mktemp("recordings")
    good, bad = folder / "Dock inspection <b>call<∕b>.ogg", folder / "notes.wav"
    shutil.copy(SAMPLE / "conversation.ogg", good)
    bad.write_text("this is no audio " * 100)
    return good, bad


def test_recordings_are_uploaded_watched_found_opened_and_deleted(
    earful_server: EarfulServer,
    browser: Browser,
    open_page: OpenPage,
    recordings: tuple[Path, Path],
) -> None:
    good, bad = recordings
    page = open_page(
        browser, f"{earful_server.base_url}/conversations", viewport={"width": 390, "height": 780}
    )
    page.get_by_label("Upload recordings").set_input_files([good, bad])
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("and 1 more")
    dialog.get_by_label("Who speaks?").select_option(label="Two people")
    dialog.get_by_role("button", name="Upload").click()

    # A reload loses sight of nothing that has been sent.
    rows = page.locator("#uploads li")
    expect(rows).to_have_count(2)
    expect(rows.nth(1).locator("button")).to_be_hidden(timeout=HEARD_MS)
    page.reload()
    failed = rows.filter(has_text="notes")
    expect(failed.get_by_role("alert")).to_contain_text("recording", timeout=HEARD_MS)
    failed.get_by_role("button", name="Dismiss").click()
    expect(failed).to_have_count(0)

    name = good.name.removesuffix(".ogg")
    row = page.locator("#conversations li").filter(has_text=name)
    expect(row).to_contain_text("Speaker 1, Speaker 2", timeout=HEARD_MS)
    expect(row).to_contain_text("1:19")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("searchbox").fill("inspection report")
    hit = page.locator("#results li").filter(has_text=name).first
    expect(hit.locator("mark").first).to_be_visible()
    assert "q=inspection+report" in page.url
    hit.get_by_role("link").click()
    page.wait_for_url(re.compile(r"/conversations/\d+#m"))
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("inspection report")
    page.get_by_role("searchbox").fill("zebra crossing")
    expect(page.get_by_role("heading", name="Nobody said that")).to_be_visible()
    page.get_by_role("searchbox").fill("")

    row.get_by_role("button", name=f"Delete {name}").click()
    page.get_by_role("button", name="Keep it").click()
    expect(row).to_have_count(1)
    row.get_by_role("button", name=f"Delete {name}").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(row).to_have_count(0)
    page.reload()
    expect(page.locator("#main")).not_to_have_attribute("aria-busy", "true")
    expect(row).to_have_count(0)


def test_an_upload_shows_how_far_it_is_waits_for_room_and_can_be_cancelled(
    earful_server: EarfulServer, browser: Browser, open_page: OpenPage, recordings: tuple[Path, Path]
) -> None:
    page = open_page(browser, f"{earful_server.base_url}/conversations", expect="429|ERR_FAILED")
    answers = iter([429])

    def full(route: Route) -> None:
        if (status := next(answers, None)) is not None:
            body = '{"message": "Too many jobs."}'
            route.fulfill(status=status, headers={"Retry-After": "1"}, body=body)
        # Any later one is left hanging, as on a slow line.

    page.route("**/v1/process/audio*", full)
    page.get_by_label("Upload recordings").set_input_files(recordings[0])
    page.get_by_label("Who speaks?").select_option("channels")
    page.get_by_role("dialog").get_by_role("button", name="Upload").click()
    row = page.locator("#uploads li")
    expect(row).to_contain_text("Other recordings come first")
    with page.expect_request("**/v1/process/audio*") as sent:
        pass
    assert "enableSeparateRecognitionPerChannel=true" in sent.value.url
    assert "Diarization" not in sent.value.url
    expect(row.get_by_role("progressbar")).to_have_count(1)
    row.get_by_role("button", name="Cancel").click()
    expect(page.locator("#uploads-part")).to_be_hidden()


def test_symbls_own_addresses_lead_to_the_conversation(
    earful_server: EarfulServer, browser: Browser, open_page: OpenPage
) -> None:
    payload = base64.b64encode(b'{"sessionId":"1000000000000001","name":"Rosa"}').decode()
    page = open_page(browser, f"{earful_server.base_url}/meeting/#/{payload}", expect="40[34]")
    page.wait_for_url("**/conversations/1000000000000001")
    page.goto(f"{earful_server.base_url}/meeting/#/{payload.replace('=', '.')}?insights.minScore=0.5&o=abc")
    page.wait_for_url("**/experiences/1000000000000001?o=abc")
    page.goto(f"{earful_server.base_url}/meeting/#/nonsense")
    expect(page.get_by_role("heading", name="This address names no conversation")).to_be_visible()


def test_an_empty_list_says_what_to_do_and_every_page_leads_to_it(
    earful_server: EarfulServer, browser: Browser, open_page: OpenPage
) -> None:
    app = earful_server.create_app("empty list")
    page = open_page(browser, f"{earful_server.base_url}/", expect="403")
    page.route("**/pages/session", lambda route: route.fulfill(status=403, body="{}"))
    page.get_by_role("link", name="Conversations").click()
    page.get_by_label("Application id").fill(app["appId"])
    page.get_by_label("Application secret").fill(app["appSecret"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    page.get_by_role("link", name="speak to the live page").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()
