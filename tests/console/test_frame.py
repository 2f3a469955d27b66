"""What every page of the console has around it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.console.browsing import assert_accessible
from tests.console.conftest import OpenContext


def test_the_side_bar_names_the_page_one_is_on(page: Page) -> None:
    page.goto("/admin/accounts/project/add/")
    expect(page.locator("#navigation [aria-current]")).to_have_text("Projects")


def test_the_side_bar_of_a_phone_is_a_drawer(phone: Page) -> None:
    phone.goto("/admin/")
    link = phone.locator("#navigation").get_by_text("Projects", exact=True)
    expect(link).to_be_hidden()
    phone.get_by_role("button", name="Navigation").click()
    expect(link).to_be_visible()
    assert_accessible(phone, with_frame=True)
    phone.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(phone.get_by_role("button", name="Navigation")).to_be_focused()


def test_keys_lead_to_pages_and_the_overview_lists_them(page: Page) -> None:
    page.goto("/admin/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Projects")
    assert_accessible(page, with_frame=True)
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/admin/accounts/project/")


def test_a_slash_goes_to_the_search_but_is_a_letter_within_it(page: Page, recorded: list[str]) -> None:
    page.goto("/admin/accounts/credential/")
    page.keyboard.press("/")
    page.keyboard.type("a/b")
    expect(page.locator("#searchbar")).to_have_value("a/b")


def test_the_language_is_chosen_in_the_account_menu(page: Page) -> None:
    page.goto("/admin/accounts/project/")
    page.locator("summary[aria-label=Account]").click()
    assert_accessible(page, with_frame=True)
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    assert page.url.endswith("/admin/accounts/project/")


def test_the_scripts_of_a_form_speak_the_language_of_the_page(open_context: OpenContext) -> None:
    page = open_context(locale="zh-CN").new_page()
    page.goto("/admin/proxy/provider/add/")
    expect(page.get_by_role("button", name="添加模型")).to_be_visible()


def test_the_theme_is_kept(page: Page) -> None:
    page.goto("/admin/")
    for expected in ("dark", "light", "auto"):
        page.locator(".theme-toggle").click()
        expect(page.locator("html")).to_have_attribute("data-theme", expected)
    page.locator(".theme-toggle").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_logging_out_leads_to_the_login(open_context: OpenContext, page: Page) -> None:
    page.goto("/admin/")
    page.context.clear_cookies(name="relay_session")  # the session itself is shared with the other tests
    page.reload()
    expect(page.locator("#login-form")).to_be_visible()
    assert_accessible(page, with_frame=True)


def test_a_text_is_copied_where_the_browser_allows_it(open_context: OpenContext, faults: list[str]) -> None:
    context = open_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("/admin/")
    page.evaluate(
        """() => { const button = document.createElement("button");
        button.className = "copy"; button.dataset.copy = "the text"; button.textContent = "Copy it";
        document.querySelector("#content").append(button); }"""
    )
    page.get_by_role("button", name="Copy it").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "the text"


def test_scripts_of_a_page_and_styles_of_an_element_are_refused(page: Page, faults: list[str]) -> None:
    page.goto("/admin/")
    page.evaluate(
        """() => { const script = document.createElement("script"); script.textContent = "window.wasRun = 1";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>x</p>"); }"""
    )
    assert page.evaluate("window.wasRun") is None
    assert len(faults) == 2 and all("Content Security Policy" in fault for fault in faults)
    faults.clear()
