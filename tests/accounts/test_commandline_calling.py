from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from django.core.management.base import CommandError

from accounts.commandline import calling
from accounts.models import AuditEvent, Project
from tests.running import Relay

TOKEN = "mt-of-another-relay"


class Stranger(BaseHTTPRequestHandler):
    """Answers as its path says: /STATUS/BODY, and remembers who asked for what."""

    seen: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Authorization"]))  # type: ignore[attr-defined]
        answers: dict[str, tuple[int, bytes]] = self.server.answers  # type: ignore[attr-defined]
        status, body = answers[self.path]
        self.send_response(status)
        self.send_header("location", "https://elsewhere.example/")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        return


@pytest.fixture
def stranger() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Stranger)
    server.seen, server.answers = [], {}
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"<html>hello</html>", "answered 200 in a way the management API never does"),
        (500, b"oops", "answered 500 in a way the management API never does"),
        (404, b'{"detail": "nothing"}', "answered 404 in a way the management API never does"),
        (301, b"", "is elsewhere: https://elsewhere.example/"),
        (401, b'{"error": {"message": "Wrong."}}', "refused the management token: Wrong."),
        (409, b'{"error": {"message": "It exists."}}', "^It exists.$"),
    ],
)
def test_every_answer_is_said_in_words(stranger: Any, status: int, body: bytes, words: str) -> None:
    stranger.answers["/manage/projects/1"] = (status, body)
    with pytest.raises(CommandError, match=words):
        calling.remote(stranger.url, TOKEN).call("GET", "/manage/projects/1")


def test_pages_are_asked_for_where_the_token_belongs(stranger: Any) -> None:
    """Whatever the answer names: a proxy in between may not know its own name, or want the token."""
    first = {"results": [{"id": 2}], "next": "https://elsewhere.example/steal?cursor=c%3D1"}
    second = {"results": [{"id": 1}], "next": None}
    stranger.answers["/manage/projects?search=a&page_size=200"] = (200, json.dumps(first).encode())
    stranger.answers["/manage/projects?cursor=c%3D1"] = (200, json.dumps(second).encode())
    rows = calling.remote(stranger.url, TOKEN).every("/manage/projects", {"search": "a"})
    assert [row["id"] for row in rows] == [2, 1]
    assert {bearer for _, bearer in stranger.seen} == {f"Bearer {TOKEN}"}


def test_nobody_at_the_address_is_said(unused_tcp_port: int) -> None:
    with pytest.raises(CommandError, match="does not answer: .*refused"):
        calling.remote(f"http://127.0.0.1:{unused_tcp_port}", TOKEN).call("GET", "/manage/projects")


@pytest.mark.parametrize("url", ["relay.example.com", "ftp://relay.example.com", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(CommandError, match="is no address of a relay"):
        calling.remote(url, TOKEN)


def test_the_generated_token_of_this_machine_stays_here(stranger: Any) -> None:
    with pytest.raises(CommandError, match="needs its management token"):
        calling.remote("https://relay.example.com", "")


def test_on_this_machine_it_is_known(stranger: Any, settings: Any) -> None:
    stranger.answers["/manage/projects/1"] = (200, b"{}")
    calling.remote(stranger.url, "").call("GET", "/manage/projects/1")
    assert stranger.seen[0][1] == f"Bearer {settings.MANAGEMENT_TOKEN}"


def test_a_token_that_fits_in_no_header_is_refused() -> None:
    with pytest.raises(CommandError, match="characters that no management token has"):
        calling.remote("https://relay.example.com", "a\nb")


@pytest.mark.django_db(transaction=True)
class TestLocal:
    def test_it_is_the_same_api_as_the_command(self) -> None:
        made = calling.local("project").call("POST", "/manage/projects", json={"name": "Shop"})
        assert str(Project.objects.get().pk) == made["id"]
        found = AuditEvent.objects.get()
        assert (found.actor_kind, found.client_ip) == ("command", "")
        assert found.actor_name.startswith("project (")

    def test_a_refusal_is_said_once_and_logged_nowhere(self, capsys: Any, caplog: Any) -> None:
        with pytest.raises(CommandError, match="name: This field is required"):
            calling.local("project").call("POST", "/manage/projects", json={})
        assert capsys.readouterr() == ("", "")
        assert not caplog.records

    def test_it_works_where_only_https_and_one_name_are_allowed(self, settings: Any) -> None:
        settings.SECURE_SSL_REDIRECT = True
        assert calling.local("project").call("GET", "/manage/projects")["results"] == []


def test_over_http_nobody_can_say_he_is_a_command(relay_server: Relay) -> None:
    for name in ("relay.command", "Relay-Command", "relay_command", "wsgi.relay.command"):
        answer = httpx.get(f"{relay_server.url}/manage/projects", headers={name: "project (root)"})
        assert answer.status_code == 401
