"""The page of the response cache, with answers that are really there."""

from __future__ import annotations

import uuid

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.console.browsing import PHONE, assert_accessible, assert_fits
from tests.running import Relay


@pytest.fixture
def tag() -> str:
    """The relay is shared: only what this test stored may go."""
    return f"t-{uuid.uuid4().hex[:8]}"


def ask(relay: Relay, tag: str) -> str:
    headers = {"authorization": f"Bearer {relay.key}", "x-relay-cache": "600", "x-relay-tags": tag}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"Keep this for {tag}."}]}
    answer = httpx.post(f"{relay.base_url}/chat/completions", json=body, headers=headers, timeout=30)
    return answer.headers["x-proxy-cache"]


def test_what_is_stored_is_purged_after_a_yes(page: Page, relay_server: Relay, tag: str) -> None:
    stored = [ask(relay_server, tag), ask(relay_server, tag)].count("stored")  # by one worker or by two
    page.set_viewport_size(PHONE)
    page.goto("/admin/cache/")
    page.get_by_label("Tag").fill(tag)
    page.get_by_role("button", name="Purge…").click()
    expect(page.get_by_role("heading", name="Purge these answers?")).to_be_visible()
    expect(page.locator(".kv").first).to_contain_text(tag)
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name="No, take me back").click()
    expect(page.get_by_role("button", name="Purge…")).to_be_visible()
    page.goto(f"/admin/cache/?tag={tag}")
    page.get_by_role("button", name="Purge", exact=True).click()
    gone = "1 stored answer is gone." if stored == 1 else f"{stored} stored answers are gone."
    expect(page.locator(".messagelist")).to_contain_text(gone)
    assert_fits(page)
    assert ask(relay_server, tag) == "stored"
