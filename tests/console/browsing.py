"""Chromium, what it complains about, and what axe-core finds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

# The first has no window to draw and takes half the time of the others.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nobody looks at the frames, and no script runs for long: together they take a third of the time.
    "--in-process-gpu",
    "--js-flags=--no-opt",
    "--process-per-site",
]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PATIENCE_MILLISECONDS = 15_000
STANDARDS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
# Half of most pages, and the same on all of them.
FRAME = ["#header", "#navigation"]
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
# Only what is grave comes back: to describe all elements that pass takes as long as to look at them.
FIND_GRAVE = """async ([without, rules]) => {
    const options = {runOnly: rules, resultTypes: ["violations"], preload: false};
    const {violations} = await axe.run({exclude: without}, options);
    return violations.filter(found => ["serious", "critical"].includes(found.impact));
}"""
# Pages in which axe-core runs just now: it tries styles that the policy refuses.
_measured: set[Page] = set()


def executable() -> str:
    """Skips where there is no Chromium; where tests decide about a change, as in CI, that is a failure."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        words = "needs Chromium (Debian: apt-get install chromium-headless-shell)"
        if "true" in (os.environ.get("CI"), os.environ.get("REQUIRE_SERVICES")):
            pytest.fail(words)
        pytest.skip(words)
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """Ends with the tests that need it: while it runs, no event loop can run in this thread."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def listen(context: BrowserContext, faults: list[str]) -> None:
    """Every error in the browser's console, violations of the security policy too, and every exception."""

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and message.page not in _measured:
            faults.append(message.text)

    context.on("console", note)
    context.on("weberror", lambda error: faults.append(str(error.error)))


def sign_in(page: Page, username: str, password: str) -> None:
    page.goto("/admin/login/")
    page.fill("#id_username", username)
    page.fill("#id_password", password)
    page.click("#login-form [type=submit]")
    page.wait_for_selector("#user-tools")


def assert_accessible(page: Page, *, with_frame: bool = False) -> None:
    """Nothing that axe-core calls serious or critical, in both themes."""
    without = [] if with_frame else FRAME
    _assert_no_grave(page, without, STANDARDS)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    _assert_no_grave(page, without, CONTRAST)
    page.evaluate("document.documentElement.dataset.theme = localStorage.getItem('theme') || 'auto'")


def _assert_no_grave(page: Page, without: list[str], rules: dict[str, Any]) -> None:
    _measured.add(page)
    if page.evaluate("!window.axe"):
        page.evaluate(AXE_SCRIPT)
    grave = page.evaluate(FIND_GRAVE, [without, rules])
    _measured.remove(page)
    described = [
        f"{violation['id']}: {violation['help']}\n    "
        + "\n    ".join(
            node["html"][:200] + " | " + node["failureSummary"] for node in violation["nodes"][:5]
        )
        for violation in grave
    ]
    assert not described, f"{page.url}\n" + "\n".join(described)


def assert_fits(page: Page) -> None:
    """The page is no wider than its window."""
    width, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= window, f"{page.url} is {width} wide in a window of {window}"
