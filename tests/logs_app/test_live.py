"""Both ends of live.sock, over the real socket."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from logs_app.live import in_flight, line
from logs_app.live.window import LONGEST_WISH, MOST_VISITORS, Window
from logs_app.redaction.redactor import Redactor, Ruleset
from tests.logs_app.folds import sse
from tests.logs_app.journals import SSE_HEADERS, new_id, write_exchange

pytestmark = pytest.mark.django_db


def chunk(text: str) -> bytes:
    return sse({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}]})


@pytest.fixture
def path(tmp_path: Path, settings: Any) -> Path:
    settings.LIVE_SOCKET = tmp_path / "live.sock"
    return settings.LIVE_SOCKET


@pytest.fixture
def recorder(new_recorder: Callable[..., Any], path: Path, scratch: Any) -> Iterator[Any]:
    """One that shows what it has read whenever it steps; other projects' records are redacted."""
    window = Window(path, lambda project_id: Redactor(Ruleset()) if project_id else None)
    window.open()
    recorder = new_recorder(show=window.show)
    recorder.window = window
    yield recorder
    window.close()


@pytest.fixture
def visit(recorder: Any, path: Path) -> Iterator[Callable[[str], Visitor]]:
    visitors = []

    def visit(want: str) -> Visitor:
        visitors.append(Visitor(path, recorder, want))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.close()


class Visitor:
    def __init__(self, path: Path, recorder: Any, want: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(path))
        self._socket.sendall(orjson.dumps({"want": want}) + b"\n")
        self._recorder = recorder

    def close(self) -> None:
        self._socket.close()

    def news(self) -> Any:
        """The next; the recorder goes on until there is something to read."""
        self._socket.settimeout(0.01)
        received = b""
        while not received.endswith(b"\n"):
            look(self._recorder)
            try:
                part = self._socket.recv(1 << 16)
            except TimeoutError:
                continue
            if not part:
                return None
            received += part
        self._socket.sendall(b"\n")
        return orjson.loads(received)


def look(recorder: Any) -> None:
    recorder.step()
    recorder.window._next_at = 0
    recorder.window.show(recorder._lives.values())


def test_only_the_user_of_the_relay_may_look(recorder, path):
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_in_flight_is_seen_until_it_is_over(journal, visit):
    write_exchange(journal)
    visitor = visit("flights")
    assert visitor.news() == {"total": 0, "streams": 0, "newest": []}
    id = write_exchange(
        journal, b"12345", b"678", is_closed=False, opened={"is_streaming": True, "model": "gpt"}
    )
    seen = visitor.news()
    assert (seen["total"], seen["streams"]) == (1, 1)
    flight = seen["newest"][0]
    shown = [flight[name] for name in ("id", "model", "provider", "key", "parts", "bytes", "status")]
    assert shown == [id.hex(), "gpt", "p-1", "first", 2, 8, 200]
    journal.closed(id, 10, {"outcome": "completed", "latency_us": 10})
    assert visitor.news()["total"] == 0


def test_the_newest_come_first(journal, visit):
    ids = [write_exchange(journal, is_closed=False).hex() for _ in range(3)]
    assert [f["id"] for f in visit("flights").news()["newest"]] == ids[::-1]


def test_an_answer_is_told_as_it_grows(journal, visit):
    id = new_id()
    stream = {"headers": SSE_HEADERS}
    write_exchange(journal, chunk("Hel"), id=id, answered=stream, is_closed=False)
    visitor = visit(id.hex())
    assert visitor.news()["passages"] == [
        {"at": 0, "is_new": True, "kind": "text", "name": "", "text": "Hel"}
    ]
    half = chunk("lo \u2603")
    journal.part(id, 10_000, half[:-9])
    journal.part(id, 11_000, half[-9:])
    assert visitor.news()["passages"][-1:] in (
        [],
        [{"at": 0, "is_new": False, "text": "lo \u2603"}],
    )
    journal.closed(id, 12_000, {"outcome": "completed"})
    while "has_ended" not in (news := visitor.news()):
        assert news["flight"]["id"] == id.hex()
    assert visitor.news() is None


def test_what_is_redacted_or_not_recorded_in_full_is_only_counted(journal, visit):
    secret = "ada@example.com"
    for opened in (
        {"project": {"id": "7", "name": "p"}, "model": secret},
        {"log": "metadata"},
        {"log": "off"},
    ):
        opened = {"is_streaming": True, "path": f"/v1/files/{secret}"} | opened
        id = write_exchange(
            journal, chunk(secret), answered={"headers": SSE_HEADERS}, opened=opened, is_closed=False
        )
        news = visit(id.hex()).news()
        assert (news["passages"], news["flight"]["is_readable"]) == ([], False)
        assert news["flight"]["bytes"] == len(chunk(secret))
        if opened.get("log") != "metadata":
            assert secret not in str(news)
    assert news["flight"]["key"] == ""  # where only counts are kept, no names either


def test_a_long_answer_is_no_longer_put_together(journal, visit):
    id = write_exchange(journal, chunk("x" * 300_000), answered={"headers": SSE_HEADERS}, is_closed=False)
    visitor = visit(id.hex())
    assert len(visitor.news()["passages"][0]["text"]) == 300_000
    journal.part(id, 9, chunk("more"))
    while (news := visitor.news())["flight"]["parts"] < 2:
        pass
    assert (news["passages"], news["is_too_long"]) == ([], True)


def test_an_exchange_that_nobody_knows_has_ended(visit):
    visitor = visit(new_id().hex())
    assert visitor.news() == {"has_ended": True}
    assert visitor.news() is None


@pytest.mark.parametrize("wish", [b"[]\n", b'{"want": "zz"}\n', b'{"want": 7}\n', b"\xff\n", b"x" * 300])
def test_who_wants_nothing_sensible_is_sent_away(recorder, path, wish):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(path))
        connection.sendall(wish)
        for _ in range(2 + len(wish) // LONGEST_WISH):
            look(recorder)
        assert connection.recv(10) == b""


def test_who_does_not_ask_for_more_gets_the_newest_later(recorder, journal, path, visit):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(path))
        connection.sendall(b'{"want": "flights"}\n')
        for _ in range(50):
            write_exchange(journal, is_closed=False)
            look(recorder)
            recorder.window._visitors[0]._view._next_at = 0
        assert orjson.loads(connection.recv(1 << 20))["total"] == 1
        connection.sendall(b"\n")
        look(recorder)
        assert orjson.loads(connection.recv(1 << 20))["total"] == 50
    assert visit("flights").news()["total"] == 50


def test_who_does_not_read_holds_one_line_and_nobody_up(recorder, journal, path, visit):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(path))
        connection.sendall(b'{"want": "flights"}\n')
        for number in range(300):
            write_exchange(journal, is_closed=False, opened={"model": f"{number}" * 1000})
        for _ in range(10):
            write_exchange(journal, is_closed=False)
            look(recorder)
        assert 0 < len(recorder.window._visitors[0]._outbox) < 1_000_000
        assert visit("flights").news()["total"] == 310


def test_more_visitors_than_there_is_room_for_are_sent_away(recorder, path):
    connections = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(MOST_VISITORS + 1)]
    for connection in connections:
        connection.connect(str(path))
        look(recorder)
    assert len(recorder.window._visitors) == MOST_VISITORS
    for connection in connections:
        connection.close()
    look(recorder)
    assert not recorder.window._visitors


def test_a_fault_of_the_window_ends_nobodys_recording(recorder, journal, visit, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    recorder.window._board.flights = broken
    visitor = visit("flights")
    write_exchange(journal)
    assert visitor.news() is None
    assert recorder.recorded == 1
    assert "could not be shown" in caplog.text


def test_without_a_place_for_the_socket_there_is_recording(tmp_path, caplog):
    window = Window(tmp_path / "none" / "live.sock", lambda project_id: None)
    window.open()
    window.show([])
    assert "Nothing can be watched live" in caplog.text


def test_in_flight_asks_the_recorder(recorder, journal):
    write_exchange(journal, is_closed=False, opened={"model": "\ud800 half"})
    answer: list[Any] = []
    asking = threading.Thread(target=lambda: answer.append(in_flight(10)))
    asking.start()
    while asking.is_alive():
        look(recorder)
    asking.join()
    assert (answer[0].total, answer[0].newest[0].model) == (1, "? half")


def test_without_a_recorder_nothing_is_known(path):
    assert in_flight(0.1) is None
    path.write_bytes(b"")
    assert in_flight(0.1) is None
    with pytest.raises(line.Away):
        asyncio.run(anext(line.listen("flights")))


def test_a_recorder_that_leaves_is_away(path):
    window = Window(path, lambda project_id: None)
    window.open()

    async def listen() -> None:
        async for _news in line.listen("flights"):
            window.close()

    async def both() -> None:
        listening = asyncio.create_task(listen())
        while not listening.done():
            window._next_at = 0
            window.show([])
            await asyncio.sleep(0.001)
        await listening

    with pytest.raises(line.Away):
        asyncio.run(both())
