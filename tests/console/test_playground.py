"""The playground in a browser, with the simulated provider."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from proxy.simulator import Simulator
from tests.console.browsing import PHONE, assert_accessible, assert_fits
from tests.console.conftest import OpenContext
from tests.running import Relay

HOSTILE = "<img src=x onerror=document.title='run'><script>document.title='run'</script>"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def playground(page: Page, relay_server: Relay) -> Page:
    page.goto("/admin/playground/")
    expect(page.locator("#models option").first).to_be_attached()
    return page


def ask(page: Page, text: str, model: str = "gpt-4o-mini") -> None:
    page.locator(".message-text").last.fill(text)
    page.locator(".pane-model").first.fill(model)
    page.get_by_role("button", name="Send").click()


def answered(pane: Locator) -> None:
    """Until the record is there."""
    expect(pane.locator(".pane-record")).to_be_visible(timeout=30_000)


def test_an_answer_comes_as_it_is_made_and_its_record_follows(playground: Page) -> None:
    page = playground
    page.fill("#system", "Be brief.")
    ask(page, "Once upon a time [[sim chunks=60 delay=60]]")
    pane = page.locator(".playground-pane")
    expect(pane.locator(".pane-state")).to_contain_text("First token after")
    expect(pane.locator(".pane-answer")).to_contain_text("Once upon a time")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(pane.locator(".pane-state")).to_contain_text("Done in", timeout=30_000)
    answered(pane)
    expect(pane.locator(".pane-facts")).to_contain_text("Completed")
    expect(pane.locator(".pane-facts")).to_contain_text("$")
    assert_accessible(page)
    pane.get_by_role("link", name="Open the record").click()
    page.wait_for_url("**/admin/logs_app/logrecord/*/change/")
    expect(page.locator("#content")).to_contain_text("Be brief.")


def test_two_models_answer_beside_each_other(playground: Page) -> None:
    page = playground
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#alike")).to_be_visible()
    page.locator(".pane-model").nth(1).fill("deepseek-reasoner")
    expect(page.locator("#alike")).to_be_hidden()
    ask(page, "Which of you is better?")
    panes = page.locator(".playground-pane")
    for pane in (panes.first, panes.last):
        expect(pane.locator(".pane-answer")).to_contain_text("Which of you is better?")
        answered(pane)
    expect(panes.last.locator(".pane-thoughts")).to_be_visible()
    expect(page.locator(".is-best").first).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_fits(page)


def test_two_system_prompts_are_compared(playground: Page, simulator: Simulator) -> None:
    page = playground
    page.fill("#system", "Be brief.")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#system")).to_be_hidden()
    prompts = page.locator(".pane-system")
    expect(prompts.last).to_have_value("Be brief.")
    prompts.last.fill("Be long.")
    page.reload()
    expect(prompts.last).to_have_value("Be long.")
    ask(page, "Which of the two prompts?")
    for pane in page.locator(".playground-pane").all():
        answered(pane)
    sent = [request.json["messages"][0] for request in simulator.requests if b"two prompts?" in request.body]
    assert sorted(each["content"] for each in sent) == ["Be brief.", "Be long."]
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#system")).to_have_value("Be brief.")
    expect(prompts).to_be_hidden()


def test_what_goes_wrong_is_said_in_words(playground: Page, faults: list[str]) -> None:
    page = playground
    ask(page, "[[sim status=429 retry_after=2]]")
    expect(page.locator(".pane-failure")).to_contain_text("Rate limit reached")
    assert len(faults) == 1 and "429" in faults.pop()
    ask(page, "[[sim chunks=50 delay=5 cut=10]]")
    expect(page.locator(".pane-failure")).to_contain_text("broke off in the middle")
    assert_accessible(page)
    ask(page, "Better now?")
    expect(page.locator(".pane-answer")).to_contain_text("Better now?")
    expect(page.locator(".pane-failure")).to_be_hidden()


def test_an_answer_can_be_stopped(playground: Page) -> None:
    page = playground
    ask(page, "[[sim chunks=500 delay=50]]")
    expect(page.locator(".pane-state")).to_contain_text("First token after")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".pane-state")).to_have_text("Stopped.")
    expect(page.locator(".pane-facts")).to_contain_text("Client left", timeout=30_000)


def test_what_a_model_says_is_only_text(playground: Page) -> None:
    page = playground
    for stream in (True, False):
        page.get_by_label("Stream").set_checked(stream)
        ask(page, HOSTILE, model=HOSTILE)
        expect(page.locator(".pane-answer")).to_contain_text("onerror")
        answered(page.locator(".playground-pane"))
    page.reload()
    assert page.title() != "run"
    assert page.locator("#panes img, #panes script, #models img, #messages img").count() == 0


def test_parameters_tools_and_pictures_are_sent(playground: Page, simulator: Simulator) -> None:
    page = playground
    page.fill("#temperature", "0.5")
    page.fill("#max_tokens", "64")
    page.get_by_label("Answer in JSON").check()
    page.get_by_text("Tools and further parameters").click()
    page.fill("#tools", '[{"type": "function", "function": {"name": "get_weather", "parameters": {}}}]')
    page.fill("#further", '{"top_p": 0.9, "user": "the tester"}')
    page.get_by_role("button", name="Image", exact=True).click()
    page.locator(".message-file").set_input_files(
        {"name": "pixel.png", "mimeType": "image/png", "buffer": PIXEL}
    )
    page.locator(".message-address").fill("https://pictures.example/cat.png")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".message-images li")).to_have_count(2)
    assert_accessible(page)
    ask(page, "Look at this picture of a game.")
    answered(page.locator(".playground-pane"))
    sent = next(r.json for r in reversed(simulator.requests) if b"picture of a game" in r.body)
    assert (sent["temperature"], sent["max_tokens"], sent["top_p"]) == (0.5, 64, 0.9)
    assert sent["response_format"] == {"type": "json_object"}
    assert sent["tools"][0]["function"]["name"] == "get_weather"
    text, chosen, named = sent["messages"][0]["content"]
    assert text["text"] == "Look at this picture of a game."
    assert chosen["image_url"]["url"].startswith("data:image/png;base64,")
    assert named["image_url"]["url"] == "https://pictures.example/cat.png"


def test_a_mistake_is_shown_where_it_was_made(playground: Page) -> None:
    page = playground
    page.locator(".pane-model").fill("")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#problem")).to_have_text("Choose a model, or write its name.")
    page.locator(".pane-model").fill("gpt-4o")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#problem")).to_have_text("Write a message first.")
    page.locator(".message-text").fill("Hello")
    page.get_by_text("Tools and further parameters").click()
    page.fill("#tools", "{}")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#tools-problem")).to_contain_text("a JSON list")


def test_one_goes_on_from_an_answer(playground: Page, simulator: Simulator) -> None:
    page = playground
    ask(page, "The first of two questions")
    answered(page.locator(".playground-pane"))
    page.get_by_role("button", name="Go on from here").click()
    expect(page.locator(".message-text")).to_have_count(3)
    ask(page, "The second of two questions")
    expect(page.locator(".pane-answer")).to_contain_text("The second of two")
    sent = next(r.json for r in reversed(simulator.requests) if b"second of two" in r.body)
    assert [message["role"] for message in sent["messages"]] == ["user", "assistant", "user"]


def test_a_record_is_opened_here(page: Page, relay_server: Relay, recorded: list[str]) -> None:
    page.goto(f"/admin/logs_app/logrecord/{recorded[1]}/change/")
    page.get_by_role("link", name="Open in the playground").click()
    expect(page.locator(".message-text")).to_have_value("Tell me a story.")
    expect(page.locator(".pane-model")).to_have_value("gpt-4o")
    expect(page.get_by_label("Stream")).to_be_checked()


def test_the_question_survives_a_reload_and_is_of_this_tab(playground: Page) -> None:
    page = playground
    page.fill("#system", "Kept.")
    page.locator(".message-text").fill("Kept too.")
    page.locator(".pane-model").fill("gpt-4o")
    page.get_by_role("button", name="Compare").click()
    page.reload()
    expect(page.locator("#system")).to_have_value("Kept.")
    expect(page.locator(".message-text")).to_have_value("Kept too.")
    expect(page.locator(".playground-pane")).to_have_count(2)


def test_the_call_is_copied_as_a_program(open_context: OpenContext, relay_server: Relay) -> None:
    page = open_context(permissions=["clipboard-read", "clipboard-write"]).new_page()
    page.goto("/admin/playground/")
    page.locator(".message-text").fill("Copy me.")
    page.locator(".pane-model").fill("gpt-4o")
    page.get_by_text("Copy as").click()
    page.get_by_role("button", name="curl").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"curl -N {relay_server.url}/v1/chat/completions") and "Copy me." in copied


def test_keys_and_control_send(playground: Page) -> None:
    page = playground
    page.locator(".pane-model").fill("gpt-4o")
    page.locator(".message-text").fill("By the keyboard")
    page.locator(".message-text").press("Control+Enter")
    expect(page.locator(".pane-answer")).to_contain_text("By the keyboard")
    expect(page).to_have_url(re.compile(r"/admin/playground/$"))
