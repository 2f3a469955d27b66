"""Comparing many records in a browser, with the simulated provider."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.console.browsing import PHONE, assert_accessible, assert_fits
from tests.console.conftest import OpenContext

LIST = "/admin/logs_app/logrecord/"
SLOW = "[[sim chunks=400 delay=50]]"


def test_what_the_list_shows_is_asked_again_in_two_ways(page: Page, recorded: list[str]) -> None:
    page.goto(f"{LIST}?model=gpt-4o-mini&q=hello+to+the+console")
    page.get_by_role("link", name="Compare these…").click()
    expect(page.locator(".compare-records")).to_contain_text("fit")
    expect(page.locator(".chips")).to_contain_text("gpt-4o-mini")
    expect(page.locator("#cost-note")).to_contain_text("1 call that")
    ways = page.locator("[data-variant]")
    ways.last.get_by_label("Model").fill("gpt-4o")
    ways.last.get_by_label("Parameters").fill('{"temperature": 0}')
    page.get_by_label("Patterns").fill("[Hh]ello")
    page.fill("[name=limit]", "1")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("#state")).to_have_text("All 2 are there", timeout=30_000)
    lines = page.locator(".compare-rows tbody tr:not(:has(.compare-answers))")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text("gpt-4o-mini")
    expect(lines.last).to_contain_text("✓ regex [Hh]ello")
    expect(page.locator("#summary tr", has_text="Passed")).to_contain_text("1")
    expect(page.locator(".compare-text")).to_have_count(2)
    expect(page.locator(".compare-text").first).to_contain_text("hello to the console")
    expect(page.locator("#summary tr", has_text="The same answer")).to_contain_text("of 1")
    assert_accessible(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(Path(saved.value.path()).read_text().splitlines()))
    assert {(row["variant"], row["model"], row["regex [Hh]ello"]) for row in rows} == {
        ("a", "gpt-4o-mini", "true"),
        ("b", "gpt-4o", "true"),
    }
    assert all("hello to the console" in row["answer"] for row in rows)
    page.set_viewport_size(PHONE)
    assert_fits(page)
    page.get_by_role("link", name="Side by side").click()
    expect(page.get_by_role("heading", name="Both answers")).to_be_visible()
    expect(page.locator(".changes").first).to_contain_text("/temperature")
    assert_accessible(page)
    assert_fits(page)


def test_a_way_begins_with_the_recorded_prompt_and_two_alike_are_noticed(
    page: Page, recorded: list[str]
) -> None:
    page.goto("/admin/compare/?model=deepseek-reasoner&q=sky+blue")
    ways = page.locator("[data-variant]")
    expect(page.locator("#alike")).to_be_hidden()
    ways.first.get_by_label("The answer that was recorded").uncheck()
    expect(page.locator("#alike")).to_be_visible()
    assert_accessible(page)
    ways.last.get_by_role("button", name="Begin with the recorded one").click()
    expect(page.locator("#problem")).to_contain_text("No system prompt is kept")
    ways.last.get_by_label("System prompt").fill("Be brief.")
    expect(page.locator("#alike")).to_be_hidden()
    page.fill("[name=limit]", "1")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("#state")).to_have_text("All 2 are there", timeout=30_000)
    lines = page.locator(".compare-rows tbody tr:not(:has(.compare-answers))")
    lines.last.get_by_role("link", name="deepseek-reasoner").click()
    expect(page).to_have_url(re.compile(rf"{LIST}[0-9a-f-]{{36}}/change/"))


def test_chosen_rows_are_compared_in_chinese_and_nonsense_is_said(
    open_context: OpenContext, recorded: list[str], faults: list[str]
) -> None:
    page = open_context(locale="zh-CN").new_page()
    page.goto(f"{LIST}?model=gpt-4o-mini&q=hello+to+the+console")
    page.locator("#rows input[name=id]").first.check()
    page.get_by_role("button", name="比较…").click()
    expect(page.locator(".compare-records")).to_contain_text("已选 1 条记录")
    page.locator("[name=regex]").fill("(")
    page.get_by_role("button", name="比较", exact=True).click()
    expect(page.locator("#problem")).to_contain_text("模式 '(' 无效")
    assert len(faults) == 1 and "400" in faults.pop()
    page.locator("[name=regex]").fill("")
    page.locator("[data-variant=b] [name=provider]").evaluate(
        "each => each.append(new Option('gone', 'gone'))"
    )
    page.locator("[data-variant=b] [name=provider]").select_option("gone")
    page.get_by_role("button", name="比较", exact=True).click()
    expect(page.locator(".compare-error")).to_contain_text("没有已启用的供应商“gone”", timeout=30_000)


def test_it_can_be_stopped(page: Page, recorded: list[str]) -> None:
    page.goto("/admin/compare/?model=gpt-4o-mini&q=hello+to+the+console")
    page.locator("[data-variant=b] [name=set]").fill(
        f'{{"messages": [{{"role": "user", "content": "{SLOW}"}}], "stream": true}}'
    )
    page.fill("[name=limit]", "1")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("#state")).to_have_text("1 of 2", timeout=30_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#state")).to_have_text("Stopped after 1 of 2")
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_enabled()
