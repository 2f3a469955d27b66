"""Pictures of the console's pages for `docs/images/`: each page in both themes and languages.

`python -m tests.console.screenshots [NAME…]` starts a relay of its own with a simulated provider, some
history and a few things to look at; `make screenshots` calls it.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from proxy.simulator import Simulator
from tests.console import browsing, furnishing
from tests.console.pages import PAGES
from tests.running import ROOT, Relay

FOLDER = ROOT / "docs" / "images"
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
THEMES = ("light", "dark")
COLOURS = 128  # pages are flat: so few make a picture a quarter of its size and nobody sees it
SETTLE_MILLISECONDS = 600


def main(names: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Simulator(realistic=True) as simulator:
        relay = Relay(TARGET_BASE_URL=simulator.base_url)
        try:
            pages = PAGES | furnishing.furnish(relay.start(), simulator)
            with browsing.chromium() as browser:
                _take_all(browser, relay, pages, names)
        finally:
            relay.remove()


def _take_all(browser: Browser, relay: Relay, pages: dict[str, str], names: list[str]) -> None:
    for language, locale in LANGUAGES.items():
        for theme in THEMES:
            context = browser.new_context(
                base_url=relay.url, viewport=browsing.DESKTOP, color_scheme=theme, locale=locale
            )
            page = context.new_page()
            page.goto("/admin/login/")
            _take(page, f"login-{language}-{theme}")
            browsing.sign_in(page, "admin", relay.admin_password)
            for name, path in pages.items():
                if not names or name in names:
                    page.goto(path)
                    _take(page, f"{name}-{language}-{theme}")
            context.close()


def _take(page: Page, name: str) -> None:
    page.wait_for_load_state("load")
    page.wait_for_timeout(SETTLE_MILLISECONDS)  # charts and relative times
    picture: Any = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = FOLDER / f"{name}.png"
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    main(sys.argv[1:])
