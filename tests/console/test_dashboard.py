"""The dashboard in a browser: it draws, it lives, and nothing in it runs that somebody sent."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import httpx
from playwright.sync_api import Locator, Page, Route, expect

from tests.console.browsing import PHONE, assert_accessible, assert_fits
from tests.console.conftest import OpenContext
from tests.running import Relay
from tests.waiting import until

HOSTILE = "<img src=x onerror=document.title='run'><script>document.title='run'</script>"
FIGURES = ("Requests", "Errors", "Tokens", "Cost", "Latency", "Time to first token")


def call(relay: Relay, **body: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {relay.key}"}
    question = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello."}], **body}
    return httpx.post(f"{relay.base_url}/chat/completions", json=question, headers=headers, timeout=30)


def look(page: Page) -> None:
    """Until the page has asked for its figures again, which it does every five seconds."""
    with page.expect_response("**part=now**"):
        page.clock.fast_forward(5_000)


def requests(page: Page) -> int:
    return int(page.locator("#figure-requests .figure-value").inner_text().replace(",", ""))


def chart(page: Page, name: str):
    return page.locator(".chart", has=page.get_by_role("heading", name=re.compile(f"^{name}")))


def busiest(page: Page) -> Locator:
    """The link of the first row. The relay is shared: its table has the models that were asked most."""
    return page.get_by_role("table").locator("a[href*='model=']").first


def test_figures_and_charts_tell_of_what_was_recorded(page: Page, recorded: list[str]) -> None:
    page.goto("/admin/?range=1h")
    assert requests(page) >= len(recorded)
    for name in FIGURES:
        expect(chart(page, name).locator(".chart-plot:visible, .chart-empty:visible")).to_be_visible()
    expect(page.locator("#legend")).to_contain_text("gpt-4o-mini")
    table = chart(page, "Requests").locator(".chart-table")
    table.locator("summary").click()
    expect(table.locator("thead")).to_contain_text("gpt-4o-mini")
    assert table.locator("tbody tr").count() == 60
    assert_accessible(page)


def test_it_fits_as_a_whole_too(page: Page, recorded: list[str]) -> None:
    page.goto("/admin/?range=24h&by=")
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_fits(page)


def test_choices_are_links_to_share(page: Page, recorded: list[str]) -> None:
    page.goto("/admin/")
    page.get_by_role("navigation", name="Time").get_by_text("7 days").click()
    page.get_by_role("navigation", name="Divided by").get_by_text("Provider").click()
    page.get_by_role("navigation", name="Percentile of times").get_by_text("p99").click()
    page.wait_for_url("**/admin/?range=7d&by=provider&at=p99*")
    expect(page.get_by_role("heading", name="By provider")).to_be_visible()
    expect(chart(page, "Latency").locator("h3")).to_contain_text("p99")


def test_a_row_leads_to_its_records(page: Page, recorded: list[str]) -> None:
    page.goto("/admin/")
    model = busiest(page).inner_text()
    busiest(page).click()
    page.wait_for_url(f"**/admin/logs_app/logrecord/?{urlencode({'model': model})}&since=24h")


def test_new_calls_appear_while_one_looks(page: Page, relay_server: Relay, recorded: list[str]) -> None:
    page.clock.install()
    page.goto("/admin/?range=1h")
    expect(page.locator("#live")).to_have_text("Live")
    before = requests(page)
    assert call(relay_server).status_code == 200
    until(lambda: look(page) or requests(page) > before, seconds=30)


def test_focus_stays_where_it_was_when_figures_come_anew(page: Page, recorded: list[str]) -> None:
    page.clock.install()
    page.goto("/admin/?range=1h")
    name = busiest(page).inner_text()
    link = page.get_by_role("table").get_by_role("link", name=name, exact=True)
    link.focus()
    look(page)
    expect(link).to_be_focused()


def test_a_lost_connection_is_told_and_found_again(
    page: Page, recorded: list[str], faults: list[str]
) -> None:
    is_away = True

    def answer(route: Route) -> None:
        route.abort() if is_away else route.continue_()

    page.route("**part=now**", answer)
    page.clock.install()
    page.goto("/admin/")
    page.clock.fast_forward(5_000)
    expect(page.locator("#live")).to_have_text("No connection, trying again")
    is_away = False
    page.clock.fast_forward(10_000)
    expect(page.locator("#live")).to_have_text("Live")
    assert faults and all("ERR_FAILED" in fault for fault in faults)
    faults.clear()


def test_who_is_signed_out_meanwhile_is_told(page: Page, recorded: list[str]) -> None:
    page.clock.install()
    page.goto("/admin/")
    page.context.clear_cookies(name="relay_session")
    page.clock.fast_forward(5_000)
    expect(page.locator("#live")).to_have_text("Signed out: reload the page")


def test_what_somebody_sent_is_only_text(page: Page, relay_server: Relay, recorded: list[str]) -> None:
    words = [{"role": "user", "content": f"[[sim status=429]] {HOSTILE}"}]
    for _ in range(10):  # more than most other models have: only the busiest are named
        assert call(relay_server, model=HOSTILE, messages=words).status_code == 429
    page.clock.install()
    page.goto("/admin/?range=1h")
    until(lambda: HOSTILE in (page.reload() and page.locator("#tables").inner_text()), seconds=30)
    drawn = json.loads(page.locator("#drawn").inner_text())
    assert HOSTILE in [line["name"] for line in drawn["requests"]]
    chart(page, "Requests").locator("summary").click()
    look(page)
    assert page.title() != "run"
    assert page.locator("#content img, #tables script, #legend script").count() == 0
    page.set_viewport_size(PHONE)
    assert_fits(page)


def test_programs_are_copied(open_context: OpenContext, relay_server: Relay) -> None:
    page = open_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto("/admin/")
    page.get_by_role("tab", name="Python").click()
    page.get_by_role("region", name="One answer").get_by_role("button", name="Copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f'base_url="{relay_server.url}/v1"'.replace('"', "'") in copied.replace('"', "'")


def test_charts_follow_the_theme(page: Page, recorded: list[str]) -> None:
    page.goto("/admin/?range=1h")
    colours = "Chart.getChart(document.querySelector('.chart canvas')).options.scales.y.ticks.color"
    light = page.evaluate(colours)
    page.locator(".theme-toggle").click()
    page.wait_for_function(f"{colours} !== '{light}'")
