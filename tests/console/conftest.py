"""A browser, signed in as the first user at a running relay; no test may leave errors in its console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.console import browsing
from tests.running import Relay
from tests.waiting import until

OpenContext = Callable[..., BrowserContext]
Make = Callable[..., dict[str, Any]]
# Of several kinds, so that lists and charts have something to show. The simulator answers in their words.
QUESTIONS = (
    {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hello to the console."}]},
    {"model": "gpt-4o", "messages": [{"role": "user", "content": "Tell me a story."}], "stream": True},
    {"model": "deepseek-reasoner", "messages": [{"role": "user", "content": "Why is the sky blue?"}]},
)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with browsing.chromium() as running:
        yield running


@pytest.fixture(scope="package")
def signed_in(browser: Browser, relay_server: Relay) -> Any:
    """The cookies of one login, for all tests: to sign in costs a good part of a second."""
    context = browser.new_context(base_url=relay_server.url)
    browsing.sign_in(context.new_page(), "admin", relay_server.admin_password)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="package")
def heard() -> list[str]:
    return []


@pytest.fixture
def faults(heard: list[str]) -> Iterator[list[str]]:
    """What the browser complained about; a test that wants complaints takes them out of the list."""
    heard.clear()
    yield heard
    assert heard == []


@pytest.fixture(scope="package")
def new_context(browser: Browser, relay_server: Relay, signed_in: Any, heard: list[str]) -> OpenContext:
    def new_one(**options: Any) -> BrowserContext:
        usual = {
            "viewport": browsing.DESKTOP,
            "storage_state": signed_in,
            "locale": "en-US",
            "reduced_motion": "reduce",  # a colour on its way to another is neither
        }
        context = browser.new_context(base_url=relay_server.url, **{**usual, **options})
        context.set_default_timeout(browsing.PATIENCE_MILLISECONDS)
        browsing.listen(context, heard)
        return context

    return new_one


@pytest.fixture
def open_context(new_context: OpenContext, faults: list[str]) -> Iterator[OpenContext]:
    """Browsers of the test's own: `open_context(viewport=PHONE, color_scheme="dark", locale="zh-CN")`; with
    `storage_state=None` nobody is signed in."""
    opened: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        opened.append(new_context(**options))
        return opened[-1]

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture(scope="package")
def onlooker(new_context: OpenContext) -> Iterator[Page]:
    """Its tab stays open, so that the next one has its styles and scripts already."""
    context = new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def looked_at(onlooker: Page, faults: list[str]) -> Page:
    """One tab for all tests that change nothing."""
    onlooker.set_viewport_size(browsing.DESKTOP)
    return onlooker


@pytest.fixture
def page(onlooker: Page, signed_in: Any, faults: list[str]) -> Iterator[Page]:
    """A tab of the test's own. The browser is shared, and forgets what the test has left in it."""
    context = onlooker.context
    onlooker.goto("about:blank")  # where it last looked may ask on
    yield context.new_page()
    for tab in context.pages:
        if tab.url != "about:blank":
            tab.evaluate("localStorage.clear()")
        if tab is not onlooker:
            tab.close()
    context.clear_cookies()
    context.add_cookies(signed_in["cookies"])


@pytest.fixture
def phone(open_context: OpenContext) -> Page:
    return open_context(viewport=browsing.PHONE, has_touch=True, is_mobile=True).new_page()


@pytest.fixture
def make(relay_server: Relay) -> Iterator[Make]:
    """A row by the management API: `make("tokens", project_id=…)`. It goes again with its test: a provider
    that stayed would get calls of others."""
    headers = {"Authorization": f"Bearer {relay_server.management_token}"}
    made: list[str] = []

    def make_one(kind: str, **values: Any) -> dict[str, Any]:
        answer = manage.post(f"/manage/{kind}", json=values)
        answer.raise_for_status()
        made.append(f"/manage/{kind}/{answer.json()['id']}")
        return answer.json()

    with httpx.Client(base_url=relay_server.url, headers=headers) as manage:
        yield make_one
        for path in reversed(made):
            assert manage.delete(path).status_code in (200, 204, 404), path


@pytest.fixture(scope="session")
def recorded(relay_server: Relay) -> list[str]:
    """Ids of a few calls whose records are there, oldest first. The relay is shared: more may come."""
    ids = []
    for question in QUESTIONS:
        answer = httpx.post(
            f"{relay_server.base_url}/chat/completions",
            json=question,
            headers={"Authorization": f"Bearer {relay_server.key}"},
            timeout=30,
        )
        answer.raise_for_status()
        ids.append(answer.headers["x-relay-request-id"])
    for request_id in ids:
        until(lambda: _is_recorded(relay_server, request_id), seconds=30)  # noqa: B023
    return ids


def _is_recorded(relay: Relay, request_id: str) -> bool:
    headers = {"Authorization": f"Bearer {relay.management_token}"}
    found = httpx.get(f"{relay.url}/manage/logs/{request_id}", headers=headers)
    return found.status_code == 200
