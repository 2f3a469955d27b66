"""What the pages of the records watch, over real websockets: two workers, the console, the recorder."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import httpx
import pytest

from proxy.simulator import Simulator
from tests.managing import waiting
from tests.running import ADMIN_PASSWORD, PROXY_KEY, Relay

LIST = "/admin/live/logs/"
HEADERS = {"authorization": f"Bearer {PROXY_KEY}"}
SECONDS = 30


@pytest.fixture(scope="module")
def relay(simulator: Simulator) -> Iterator[Relay]:
    relay = Relay(TARGET_BASE_URL=simulator.base_url, WORKERS="2")
    try:
        yield relay.start()
    finally:
        relay.remove()


@pytest.fixture(scope="module")
def cookies(relay: Relay) -> dict[str, str]:
    return sign_in(relay, "admin", ADMIN_PASSWORD)


def sign_in(relay: Relay, name: str, password: str) -> dict[str, str]:
    with httpx.Client(base_url=relay.url) as browser:
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', browser.get("/admin/login/").text)
        assert token is not None
        form = {"username": name, "password": password, "csrfmiddlewaretoken": token[1]}
        answer = browser.post("/admin/login/?next=/admin/", data=form)
        return dict(browser.cookies) if answer.status_code == 302 else {}


class Browser:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def news(self) -> Any:
        """The next message, which is asked for."""
        message = await asyncio.wait_for(self.socket.receive(), SECONDS)
        if message.type is not aiohttp.WSMsgType.TEXT:
            return None
        await self.socket.send_str("{}")
        return message.json()

    async def begins(self) -> None:
        """What is recorded before the first message may be told to nobody."""
        await self.until(lambda news: "flights" in news)

    async def until(self, is_wanted: Any) -> Any:
        while not is_wanted(news := await self.news()):
            assert news is not None, f"closed with {self.socket.close_code}"
        return news


@asynccontextmanager
async def watching(
    relay: Relay, cookies: dict[str, str], path: str, hello: str = "{}", **headers: str
) -> AsyncIterator[Browser]:
    headers = {"origin": relay.url} | headers
    async with (
        aiohttp.ClientSession(cookies=cookies, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
        session.ws_connect(relay.url + path, headers=headers) as socket,
    ):
        await socket.send_str(hello)
        yield Browser(socket)


async def call(relay: Relay, model: str, *texts: str) -> None:
    async with httpx.AsyncClient(base_url=relay.base_url, headers=HEADERS, timeout=SECONDS) as client:
        for text in texts or ("Hello",):
            message = {"model": model, "messages": [{"role": "user", "content": text}]}
            (await client.post("/chat/completions", json=message)).raise_for_status()


@asynccontextmanager
async def open_stream(relay: Relay, model: str, script: str) -> AsyncIterator[None]:
    """A call whose answer goes on until the block ends."""
    message = {"model": model, "stream": True, "messages": [{"role": "user", "content": f"[[sim {script}]]"}]}
    async with (
        httpx.AsyncClient(base_url=relay.base_url, headers=HEADERS, timeout=SECONDS) as client,
        client.stream("POST", "/chat/completions", json=message) as answer,
    ):
        assert answer.status_code == 200
        yield


def rows(news: Any) -> list[str]:
    return [html for _id, html in news.get("rows", [])]


def flights(news: Any) -> list[list[str]]:
    return news.get("flights", {}).get("rows", [])


async def test_a_call_is_seen_while_it_goes_on_and_as_a_row_when_it_is_over(relay, cookies):
    async with watching(relay, cookies, LIST) as browser:
        await browser.begins()
        async with open_stream(relay, "seen-live", "chunks=9 hang=5"):
            news = await browser.until(lambda news: any("seen-live" in html for _id, html in flights(news)))
            (id,) = [id for id, html in flights(news) if "seen-live" in html]
            assert news["flights"]["total"] == 1
        news = await browser.until(rows)
        assert [(shown, "seen-live" in html) for shown, html in news["rows"]] == [(id, True)]
        assert "Client left" in news["rows"][0][1]


async def test_rows_come_once_and_in_the_order_of_their_recording(relay, cookies):
    async with watching(relay, cookies, f"{LIST}?model=in-order") as browser:
        await browser.begins()
        seen: list[str] = []
        await call(relay, "in-order", *(f"question {number}" for number in range(6)))
        while len(seen) < 6:
            seen += rows(await browser.until(rows))
        assert [int(re.search(r"question (\d)", html)[1]) for html in seen] == list(range(6))


async def test_who_comes_back_gets_what_was_recorded_meanwhile(relay, cookies):
    async with watching(relay, cookies, f"{LIST}?model=meanwhile") as browser:
        await browser.begins()
        await call(relay, "meanwhile", "before")
        after = (await browser.until(rows))["after"]
    await call(relay, "meanwhile", "in between")
    hello = f'{{"after": {{"{next(iter(after))}": {next(iter(after.values()))}}}}}'
    async with watching(relay, cookies, f"{LIST}?model=meanwhile", hello) as browser:
        (row,) = rows(await browser.until(rows))
    assert "in between" in row and "before" not in row


async def test_only_what_fits_the_filters_comes(relay, cookies):
    async with watching(relay, cookies, f"{LIST}?model=wanted&stream=false") as browser:
        await browser.begins()
        await call(relay, "unwanted")
        await call(relay, "wanted")
        async with open_stream(relay, "wanted", "chunks=9 hang=5"):
            (row,) = rows(await browser.until(rows))
            assert "unwanted" not in row
            await call(relay, "wanted", "again")
            news = await browser.until(rows)
            assert not flights(news)


@pytest.mark.parametrize("query", ["status=never", "q=word", "search=word"])
async def test_a_filter_that_is_not_live_is_refused_in_words(relay, cookies, query):
    async with watching(relay, cookies, f"{LIST}?{query}") as browser:
        assert await browser.news() is None
        assert browser.socket.close_code == 4400


async def test_what_clients_write_is_text(relay, cookies):
    hostile = "<img src=x onerror=alert(1)>"
    async with watching(relay, cookies, f"{LIST}?model={quote(hostile)}") as browser:
        async with open_stream(relay, hostile, "chunks=9 hang=5"):
            news = await browser.until(flights)
            assert hostile not in news["flights"]["rows"][0][1] and "&lt;img" in news["flights"]["rows"][0][1]
        await call(relay, hostile, hostile)
        html = "".join(rows(await browser.until(rows)))
        assert "<img" not in html and "&lt;img" in html


async def test_tokens_are_seen_as_they_come(relay, cookies):
    text = "TGl2ZSB3b3Jkcw"  # Live words
    async with (
        watching(relay, cookies, f"{LIST}?model=spoken") as browser,
        open_stream(relay, "spoken", f"text={text} chunks=10 hang=8"),
    ):
        (id, _html), *_others = flights(await browser.until(flights))
        async with watching(relay, cookies, f"{LIST}{id}/") as reader:
            said = ""
            while said != "Live wor":
                for passage in (await reader.until(lambda news: news["passages"]))["passages"]:
                    said = passage["text"] if passage["is_new"] else said + passage["text"]


async def test_a_watched_answer_ends_with_its_record(relay, cookies):
    async with watching(relay, cookies, f"{LIST}?model=ending") as browser:
        streaming = open_stream(relay, "ending", "chunks=9 hang=5")
        await streaming.__aenter__()
        (id, _html), *_others = flights(await browser.until(flights))
        async with watching(relay, cookies, f"{LIST}{id}/") as reader:
            await reader.until(lambda news: news["passages"])
            await streaming.__aexit__(None, None, None)
            assert await reader.until(lambda news: "is_recorded" in news) == {"is_recorded": True}
            assert await reader.news() is None
            assert reader.socket.close_code == 1000


async def test_who_does_not_ask_loses_rows_and_is_told(relay, cookies):
    async with watching(relay, cookies, f"{LIST}?model=flood") as browser:
        first = await asyncio.wait_for(browser.socket.receive(), SECONDS)
        assert first.type is aiohttp.WSMsgType.TEXT
        await asyncio.gather(*(call(relay, "flood", *["one of many"] * 30) for _ in range(4)))
        async with watching(relay, cookies, f"{LIST}?model=flood-end") as another:
            await another.begins()
            await call(relay, "flood-end")
            await another.until(rows)  # all before it are recorded too
        await browser.socket.send_str("{}")
        news = await browser.until(rows)
        assert (len(news["rows"]), news["has_missed"]) == (100, True)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null"])
async def test_a_page_of_somebody_else_is_refused(relay, cookies, origin):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        async with watching(relay, cookies, LIST, origin=origin):
            pass
    assert refusal.value.status == 403


async def test_who_is_not_signed_in_is_sent_to_do_so(relay):
    for path in (LIST, f"{LIST}00000000-0000-7000-8000-000000000000/"):
        async with watching(relay, {}, path) as browser:
            assert await browser.news() is None
            assert browser.socket.close_code == 4401


CLERK = """
from django.contrib.auth.models import Permission, User
user = User.objects.create_user("clerk", password="a long pass phrase", is_staff=True)
user.user_permissions.add(Permission.objects.get(codename="view_logrecord"))
input()
user.user_permissions.clear()
"""


async def test_who_loses_the_permission_loses_the_socket(relay):
    with waiting.talk(["shell", "--no-imports", "-c", CLERK], relay.environ) as manage:
        while not (cookies := sign_in(relay, "clerk", "a long pass phrase")):
            assert manage.poll() is None
        async with watching(relay, cookies, LIST) as browser:
            await browser.begins()
            manage.go_on()
            while await browser.news():
                pass
            assert browser.socket.close_code == 4403


async def test_while_the_recorder_is_away_the_page_says_so_and_goes_on(relay, cookies):
    async with watching(relay, cookies, f"{LIST}?model=recovered") as browser:
        await browser.begins()
        os.kill(relay.pids("recorder")[0], signal.SIGKILL)
        await browser.until(lambda news: news.get("flights", {}).get("is_recorder_away"))
        await call(relay, "recovered")
        assert len(rows(await browser.until(rows))) == 1
        async with open_stream(relay, "recovered", "chunks=9 hang=5"):
            await browser.until(flights)
