"""The list of records in a browser: live rows, keys, filters, what is done with chosen rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.console.browsing import assert_accessible, assert_fits
from tests.running import Relay

LIST = "/admin/logs_app/logrecord/"
HOSTILE = (
    "<script>document.title='run'</script>",
    "<img src=x onerror=\"document.title='run'\">",
    '"><svg onload="document.title=\'run\'">',
    "{{ 7 * 7 }}${7*7}javascript:document.title='run'//",
    "</template></td></table><iframe srcdoc='<script>parent.x=1</script>'>",
)


def call(relay: Relay, model: str, text: str = "Hello", **headers: str) -> None:
    message = {"model": model, "messages": [{"role": "user", "content": text}]}
    headers = {"authorization": f"Bearer {relay.key}"} | headers
    httpx.post(f"{relay.base_url}/chat/completions", json=message, headers=headers, timeout=30)


@contextmanager
def open_call(relay: Relay, model: str, script: str = "chunks=9 hang=5") -> Iterator[None]:
    message = {"model": model, "stream": True, "messages": [{"role": "user", "content": f"[[sim {script}]]"}]}
    headers = {"authorization": f"Bearer {relay.key}"}
    address = f"{relay.base_url}/chat/completions"
    with httpx.stream("POST", address, json=message, headers=headers, timeout=30):
        yield


@pytest.fixture
def model() -> str:
    """A name of the test's own: the relay is shared."""
    return f"list-{uuid4().hex[:8]}"


def opened(page: Page, query: str) -> Page:
    page.goto(f"{LIST}?{query}")
    expect(page.locator("#live-state")).to_have_text("Live")
    return page


def rows(page: Page) -> object:
    return page.locator("#rows tr")


def test_a_call_is_seen_open_and_slides_in_when_it_is_recorded(
    page: Page, relay_server: Relay, model: str
) -> None:
    opened(page, f"model={model}")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    with open_call(relay_server, model):
        flight = page.locator("#flights tr")
        expect(flight).to_contain_text("answering")
        expect(flight.locator("td").nth(2)).to_contain_text("Stream")
        expect(flight.locator("td").last).to_have_text(re.compile(r"^\d+\.\d s$"))
        expect(page.get_by_text("Nothing matches")).to_be_hidden()
        expect(page.locator("#live-flights")).to_have_text("1 open call")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("Client left")
    expect(flight).to_have_count(0)


def test_the_tokens_of_an_open_call_are_read_as_they_come(
    page: Page, relay_server: Relay, model: str
) -> None:
    opened(page, f"model={model}")
    with open_call(relay_server, model, "text=TGl2ZSB3b3Jkcw chunks=10 hang=8"):
        page.locator("#flights tr").click()
        dialog = page.get_by_role("dialog", name=model)
        expect(dialog.locator("pre")).to_have_text("Live wor")
        expect(dialog.get_by_role("link", name="Open the record")).to_be_hidden()
        assert_accessible(page)
    dialog.get_by_role("link", name="Open the record").click()
    expect(page).to_have_url(re.compile(rf"{LIST}[0-9a-f-]{{36}}/change/"))


def test_while_paused_rows_wait_and_are_counted(page: Page, relay_server: Relay, model: str) -> None:
    call(relay_server, model, "the first")
    opened(page, f"model={model}")
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("p")
    expect(page.locator("#live-state")).to_have_text("Paused")
    call(relay_server, model, "the second")
    call(relay_server, model, "the third")
    expect(page.get_by_role("button", name="2 new records: show them")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    assert_accessible(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#rows .cell-said .clamp:first-child")).to_have_text(
        ["the third", "the second", "the first"]
    )


def test_hands_stay_on_the_keyboard(page: Page, relay_server: Relay, model: str) -> None:
    for text in ("older", "newer"):
        call(relay_server, model, text)
    opened(page, f"model={model}")
    expect(rows(page)).to_have_count(2)
    focused = page.locator("#rows tr:has(:focus)")
    page.keyboard.press("j")
    expect(focused).to_contain_text("newer")
    page.keyboard.press("j")
    expect(focused).to_contain_text("older")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#searchbar")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("#searchbar").blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Next record")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/change/"))


def test_filters_are_in_the_address_and_nowhere_else(page: Page, recorded: list[str]) -> None:
    page.goto(LIST)
    page.locator("select[name=outcome]").select_option("completed")
    page.get_by_text("More", exact=True).click()
    page.locator("[name=min_tokens]").fill("1")
    page.locator("[name=until]").fill("2090-01-31T12:00")
    assert_accessible(page)
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(f"**{LIST}?outcome=completed&until=2090-01-31T12%3A00&min_tokens=1")
    chips = page.locator(".chip.filter-on")
    expect(chips).to_have_text(
        ["Outcome: Completed", "Until (UTC): 2090-01-31T12:00", re.compile("1$")], ignore_case=True
    )
    chips.nth(1).click()
    page.wait_for_url(f"**{LIST}?outcome=completed&min_tokens=1")
    page.get_by_role("link", name="Last hour").click()
    page.wait_for_url("**min_tokens=1&since=1h")
    expect(page.locator("select[name=since]")).to_have_value("1h")
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator(".chip.filter-on")).to_have_count(0)


def test_chosen_records_are_exported(page: Page, relay_server: Relay, model: str) -> None:
    for text in ("one", "two"):
        call(relay_server, model, text)
    opened(page, f"model={model}")
    expect(rows(page)).to_have_count(2)
    page.locator("#rows input").first.check()
    with page.expect_download() as download:
        page.get_by_role("button", name="jsonl").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 1 and '"two"' in lines[0]


def test_chosen_records_are_deleted_after_a_question(page: Page, relay_server: Relay, model: str) -> None:
    for text in ("keep me", "drop me"):
        call(relay_server, model, text)
    opened(page, f"model={model}")
    expect(rows(page)).to_have_count(2)
    page.locator("#rows tr", has_text="drop me").get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="Delete 1 record?")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_url(f"**{LIST}?model={model}")
    expect(page.get_by_text("1 record was deleted.")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("keep me")


def test_what_clients_and_models_write_is_never_run(page: Page, relay_server: Relay, model: str) -> None:
    query = f"session={model}"
    opened(page, query)
    for hostile in HOSTILE:
        tags = {"x-relay-session": model, "x-relay-tags": quote(hostile)}
        call(relay_server, f"{hostile}{model}", hostile, **tags)
    for look in range(2):  # as they come, and as a page
        if look:
            opened(page, query)
        expect(rows(page)).to_have_count(len(HOSTILE))
        for number, hostile in enumerate(reversed(HOSTILE)):
            expect(page.locator("#rows .cell-said").nth(number)).to_contain_text(hostile)
            expect(page.locator("#rows .cell-model").nth(number)).to_contain_text(f"{hostile}{model}")
    expect(page).to_have_title(re.compile("^Logs"))


def test_a_phone_shows_a_card_a_record_and_every_filter(phone: Page, recorded: list[str]) -> None:
    phone.goto(LIST)
    expect(phone.locator("#rows tr").first).to_be_visible()
    assert_fits(phone)
    phone.get_by_text("More", exact=True).click()
    for name in ("outcome", "model", "session", "min_cost"):
        expect(phone.locator(f"[name={name}]")).to_be_visible()
    assert_fits(phone)
    assert_accessible(phone)


def test_signing_out_elsewhere_ends_the_list_in_words(open_context, relay_server: Relay) -> None:  # type: ignore[no-untyped-def]
    context = open_context(storage_state=None)
    page = context.new_page()
    page.goto("/admin/login/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", relay_server.admin_password)
    page.click("#login-form [type=submit]")
    page.wait_for_selector("#user-tools")
    opened(page, "")
    other = context.new_page()
    other.goto("/admin/")
    other.locator("summary[aria-label=Account]").click()
    other.get_by_role("button", name="Log out").click()
    expect(page.locator("#live-notice")).to_contain_text("You are signed out")
    expect(page.locator("#live-state")).to_have_text("Not live")
