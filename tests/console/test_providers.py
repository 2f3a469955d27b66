"""Providers, routes and processors as somebody at the console sets them up.

The relay is shared, so what is made here gets no calls of others: it is disabled, or knows one odd model,
and it goes again with its test.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from proxy.simulator import Simulator
from tests.console.browsing import assert_accessible, assert_fits
from tests.console.conftest import Make
from tests.running import Relay

NOBODY = "http://127.0.0.1:1"
PROVIDERS = "/admin/proxy/provider/"


@pytest.fixture
def name(relay_server: Relay) -> Iterator[str]:
    """Of a provider, which goes again whoever saved it."""
    name = f"p-{uuid.uuid4().hex[:8]}"
    yield name
    headers = {"Authorization": f"Bearer {relay_server.management_token}"}
    httpx.delete(f"{relay_server.url}/manage/providers/{name}", headers=headers, timeout=30)


def test_a_provider_is_tested_before_it_is_saved(page: Page, simulator: Simulator, name: str) -> None:
    page.goto(PROVIDERS)
    page.get_by_role("link", name="Add provider").click()
    page.get_by_role("link", name="Ollama").click()
    expect(page.locator(".notice-info")).to_contain_text("It needs no API key.")
    page.get_by_label("Name:", exact=True).fill(name)
    page.get_by_label("Address:", exact=True).fill(NOBODY)
    page.get_by_label("Enabled", exact=True).uncheck()
    page.get_by_role("button", name="Test the connection", exact=True).click()
    expect(page.locator("[data-try-words]")).to_contain_text("Nothing listens at 127.0.0.1:1")
    assert_accessible(page)
    page.get_by_label("Address:", exact=True).fill(simulator.base_url)
    page.get_by_role("button", name="Test the connection", exact=True).click()
    expect(page.locator("[data-try-words]")).to_contain_text("It lists")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator("#result_list tr", has_text=name)
    expect(row).to_contain_text("disabled")
    row.get_by_role("button", name=f"Check {name} now").click()
    expect(page.locator(".messagelist")).to_contain_text(f"Provider {name}: It lists")


def test_a_weight_is_a_share_while_it_is_written(page: Page, name: str) -> None:
    page.goto(f"{PROVIDERS}add/")
    page.get_by_label("Name:", exact=True).fill(name)
    page.get_by_label("Priority").fill("77")
    expect(page.locator(".shares .is-this")).to_have_text(f"{name}100 %")
    page.get_by_label("Priority").fill("0")
    expect(page.locator(".shares tr", has_text="default")).to_be_visible()
    page.get_by_label("Weight").fill("0")
    expect(page.locator(".shares .is-this")).to_have_text(f"{name}0 %")


def test_models_are_rows_and_each_mistake_has_its_words(page: Page, make: Make, name: str) -> None:
    mapping = {"gpt-*": "openai/gpt-*", "qwen-*": {"mapped_model": "qwen-max", "max_tokens": 8192}}
    row = make("providers", provider_key=name, api_base=NOBODY, is_enabled=False, model_mapping=mapping)
    page.goto(f"{PROVIDERS}{row['id']}/change/")
    rows = page.locator(".mapping-rows li")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Add a model").click()
    rows.nth(2).get_by_label("Asked name or pattern").fill("o3-(.*")
    expect(rows.nth(2)).to_contain_text("o3-(.*")
    assert_accessible(page)
    rows.nth(2).get_by_label("Asked name or pattern").fill("o3")
    rows.nth(2).get_by_label("The provider's name").fill("o3-2025-04-16")
    rows.nth(1).get_by_role("button", name="Remove this rule").click()
    page.get_by_label("Try a name:").fill("gpt-4o")
    expect(page.locator(".mapping output")).to_have_text(
        "“gpt-4o” goes out as “openai/gpt-4o”, by the rule “gpt-*”."
    )
    page.get_by_role("button", name="Save and continue editing").click()
    expect(rows).to_have_count(2)
    page.get_by_text("As JSON").click()
    expect(page.locator("#id_model_mapping")).to_have_value(
        '{"gpt-*": "openai/gpt-*", "o3": "o3-2025-04-16"}'
    )


@pytest.fixture
def default_is_well(relay_server: Relay) -> None:
    """It rests for a while where a test before had it answer 429."""
    headers = {"Authorization": f"Bearer {relay_server.management_token}"}
    path = f"{relay_server.url}/manage/providers/default/reset"
    httpx.post(path, headers=headers, timeout=30).raise_for_status()


@pytest.mark.usefixtures("default_is_well")
def test_where_a_model_would_go_is_told(page: Page, make: Make, name: str) -> None:
    knows = {"model_mapping": {f"{name}-*": "x"}, "priority": 3, "api_key": "sk-x"}
    make("providers", provider_key=name, api_base=NOBODY, **knows)
    page.goto(PROVIDERS)
    page.get_by_role("link", name="Where would it go?").click()
    page.get_by_label("Model").fill(f"{name}-mini")
    page.get_by_role("button", name="Tell me").click()
    expect(page.locator(".where-answer")).to_contain_text(f"If they fail: {name}.")
    expect(page.get_by_role("row", name=f"no. 2 {name}")).to_contain_text(f"by the rule “{name}-*”")
    assert_accessible(page)


def test_a_breaker_that_opened_is_reset(page: Page, relay_server: Relay, make: Make, name: str) -> None:
    knows = {"model_mapping": {name: name}, "api_key": "sk-x"}
    make("providers", provider_key=name, api_base=NOBODY, **knows)
    make("routes", name=name, path_prefix=f"/{name}", providers=[name])
    headers = {"Authorization": f"Bearer {relay_server.key}"}

    def call() -> int:
        body = {"model": name, "messages": []}
        return httpx.post(
            f"{relay_server.url}/{name}/chat/completions", json=body, headers=headers
        ).status_code

    page.goto(PROVIDERS)
    for _ in range(20):
        call()
        page.reload()
        if "left out" in page.locator("#result_list tr", has_text=name).inner_text():
            break
    shown = page.locator("#result_list tr", has_text=name)
    expect(shown).to_contain_text("keeps failing and is left out")
    assert_accessible(page)
    shown.get_by_role("button", name=f"Reset {name}").click()
    expect(page.locator(".messagelist")).to_contain_text("They get calls again")
    expect(shown).to_contain_text("well")


@pytest.fixture
def route(make: Make, name: str) -> dict[str, Any]:
    for step, text in (("kind", "Be kind."), ("brief", "Be brief.")):
        values = {"type": "system_prompt", "config_value": text, "additional_config": {"mode": "append"}}
        make("processors", name=f"{step}-{name}", **values)
    steps = [f"kind-{name}", f"brief-{name}"]
    return make("routes", name=name, path_prefix=f"/{name}", processors=steps)


def test_steps_are_moved_with_buttons_and_keys(page: Page, route: dict[str, Any], name: str) -> None:
    page.goto(f"/admin/proxy/route/{route['id']}/change/")
    rows = page.locator("#steps-group tr.has_original")
    expect(rows.first).to_contain_text("Be kind.")
    assert_accessible(page)
    rows.first.get_by_role("button", name="Later").click()
    expect(rows.first).to_contain_text("Be brief.")
    rows.nth(1).get_by_role("button", name="Earlier").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(rows.first).to_contain_text("Be kind.")
    rows.first.get_by_role("button", name="Later").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list tr", has_text=name)).to_contain_text(f"brief-{name} → kind-{name}")


def test_a_request_is_shown_before_and_after_its_steps(page: Page, route: dict[str, Any]) -> None:
    page.goto(f"/admin/proxy/route/{route['id']}/change/")
    page.get_by_role("link", name="Try it").click()
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".diff .is-more").first).to_contain_text("Be brief.\\n\\nBe kind.")
    assert_accessible(page)


def test_these_pages_fit_a_phone(phone: Page, make: Make, route: dict[str, Any], name: str) -> None:
    long = {"provider_key": f"long-{name}", "api_base": f"https://{'a' * 60}.example/v1", "is_enabled": False}
    row = make("providers", **long, model_mapping={"gpt-*": "openai/gpt-*"})
    for path in (
        f"provider/{row['id']}/change/", f"route/{route['id']}/change/", f"route/{route['id']}/try/",
        "provider/where/?model=gpt-4o&path=/v1/chat/completions",
    ):  # fmt: skip
        phone.goto(f"/admin/proxy/{path}")
        assert_fits(phone)
