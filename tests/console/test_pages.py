"""What must hold on every page of the console."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.console.browsing import PHONE, assert_accessible, assert_fits
from tests.console.pages import PAGES

every_page = pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)


@every_page
def test_a_page_is_accessible_and_fits_a_phone(looked_at: Page, recorded: list[str], path: str) -> None:
    page = looked_at
    answer = page.goto(path)
    assert answer is not None and answer.status == 200
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_fits(page)
