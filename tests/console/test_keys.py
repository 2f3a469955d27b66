"""Projects, tokens and keys as somebody at the console uses them, and what their clients get meanwhile."""

from __future__ import annotations

import uuid

import httpx
from playwright.sync_api import Page, expect

from tests.console.browsing import PHONE, assert_accessible, assert_fits
from tests.console.conftest import Make, OpenContext
from tests.running import Relay
from tests.waiting import until

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=1</script>'
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


def named(what: str) -> str:
    return f"{what} {uuid.uuid4().hex[:8]}"


def status_of(relay: Relay, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.post(
        f"{relay.base_url}/chat/completions", json=CHAT, headers=headers, timeout=30
    ).status_code


def test_a_project_a_token_a_call_and_its_end(page: Page, relay_server: Relay) -> None:
    name = named("Shop")
    page.goto("/admin/accounts/project/")
    page.get_by_role("link", name="Add project").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name=name).first.click()
    assert_accessible(page)
    page.get_by_role("link", name="New token").first.click()
    page.get_by_label("Lives for").fill("2h")
    page.get_by_label("Requests in all").fill("5")
    page.get_by_role("button", name="Save", exact=True).click()
    secret = page.get_by_role("textbox", name="sk-").input_value()
    expect(page.locator("pre").first).to_contain_text(secret)
    assert_accessible(page)
    assert status_of(relay_server, secret) == 200

    page.goto(f"/admin/accounts/witheringtoken/?q={name}")
    expect(page.locator("#result_list")).to_contain_text("4 of 5 left")
    expect(page.locator("#result_list")).to_contain_text("active")
    page.locator("#result_list tbody th a").click()
    expect(page.locator("#content")).not_to_contain_text(secret)
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("#content")).to_contain_text("within a second")
    assert_accessible(page)
    page.get_by_role("button", name="Revoke 1 token").click()
    expect(page.locator(".messagelist")).to_contain_text("1 token was revoked")
    until(lambda: status_of(relay_server, secret) == 401, seconds=2)


def test_both_secrets_work_while_a_rotation_has_its_grace(
    page: Page, relay_server: Relay, make: Make
) -> None:
    name = named("app")
    old = make("credentials", name=name)["key"]
    page.goto(f"/admin/accounts/credential/?q={name}")
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="Rotate secret").click()
    page.get_by_label("The old secret works for another").fill("1h")
    page.get_by_role("button", name="Rotate").click()
    new = page.get_by_role("textbox", name=name).input_value()
    assert [status_of(relay_server, secret) for secret in (old, new)] == [200, 200]


def test_many_are_revoked_after_the_page_has_said_how_many(
    page: Page, relay_server: Relay, make: Make
) -> None:
    project = make("projects", name=named("Load test"), api_key="")
    secrets = [make("tokens", project_id=project["id"], duration_hours=48)["token"] for _ in range(3)]
    page.goto(f"/admin/accounts/witheringtoken/?project={project['id']}")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("revoke")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke 3 tokens")
    page.get_by_role("button", name="Revoke 3 tokens").click()
    expect(page.locator(".messagelist")).to_contain_text("3 tokens were revoked")
    until(lambda: all(status_of(relay_server, secret) == 401 for secret in secrets), seconds=2)
    page.get_by_role("navigation", name="By state").get_by_role("link", name="Revoked").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(3)


def test_a_token_gets_more_time(page: Page, make: Make) -> None:
    project = make("projects", name=named("Lab"), api_key="")
    token = make("tokens", project_id=project["id"], duration_hours=2)
    page.goto(f"/admin/accounts/witheringtoken/{token['id']}/change/")
    page.get_by_role("link", name="Extend").click()
    page.get_by_label("It lives for another").fill("30d")
    page.get_by_role("button", name="Extend").click()
    expect(page.locator(".key-summary")).to_contain_text("30 days left")


def test_a_key_is_made_and_switched_off_without_scripts(
    open_context: OpenContext, relay_server: Relay
) -> None:
    page, name = open_context(java_script_enabled=False).new_page(), named("plain")
    page.goto("/admin/accounts/credential/add/")
    page.fill("#id_name", name)
    page.click("[name=_save]")
    secret = page.locator(".secret input").input_value()
    assert status_of(relay_server, secret) == 200
    page.goto(f"/admin/accounts/credential/?q={name}")
    page.click("#result_list tbody th a")
    page.get_by_role("button", name="Switch off").click()
    page.get_by_role("button", name="Switch 1 key off").click()
    until(lambda: status_of(relay_server, secret) == 401, seconds=2)


def test_a_secret_is_copied_and_never_shown_again(open_context: OpenContext) -> None:
    page = open_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto("/admin/accounts/credential/add/")
    page.get_by_label("Name").fill(named("copied"))
    page.get_by_role("button", name="Save", exact=True).click()
    secret = page.locator(".secret input").input_value()
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("link", name="I have copied it").click()
    assert secret not in page.content()


def test_names_that_are_markup_are_only_names(page: Page, open_context: OpenContext, make: Make) -> None:
    project = make("projects", name=HOSTILE + named(""), api_key="")
    token = make("tokens", project_id=project["id"], name=HOSTILE, duration_hours=1)
    phone = open_context(viewport=PHONE).new_page()
    for path in (
        f"project/?q={project['id']}", f"project/{project['id']}/change/",
        f"witheringtoken/?project={project['id']}", f"witheringtoken/{token['id']}/change/",
        f"witheringtoken/{token['id']}/rotate/",
    ):  # fmt: skip
        page.goto(f"/admin/accounts/{path}")
        expect(page.locator("#content")).to_contain_text("<script>document.title=1</script>")
        assert page.title() != "1"
        phone.goto(f"/admin/accounts/{path}")
        assert_fits(phone)
