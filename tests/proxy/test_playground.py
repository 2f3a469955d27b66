"""The playground of a running relay, as its page uses it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from proxy.simulator import Simulator
from tests.running import Relay
from tests.waiting import until

PAGE = "/admin/playground/"
MESSAGES = [{"role": "user", "content": "Is this <b>a game</b>?"}]


@pytest.fixture(scope="module")
def staff(relay_server: Relay) -> Iterator[httpx.Client]:
    """Signed in, and with the token of its forms."""
    with httpx.Client(base_url=relay_server.url, timeout=20) as client:
        client.get("/admin/login/")
        given = {"username": "admin", "password": relay_server.admin_password, "next": PAGE}
        token = {"csrfmiddlewaretoken": client.cookies["relay_csrf"]}
        assert client.post("/admin/login/", data=given | token).status_code == 302
        client.headers["x-csrftoken"] = client.cookies["relay_csrf"]
        yield client


@pytest.fixture(scope="module")
def key(relay_server: Relay, manage: httpx.Client) -> str:
    return f"credential:{manage.post('/manage/credentials', json={'name': 'of a game'}).json()['id']}"


@pytest.fixture(scope="module")
def manage(relay_server: Relay) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {relay_server.management_token}"}
    with httpx.Client(base_url=relay_server.url, headers=headers, timeout=20) as client:
        yield client


def send(staff: httpx.Client, key: str, provider: str | None = None, **body: Any) -> httpx.Response:
    question = {"model": "gpt-4o", "messages": MESSAGES, **body}
    return staff.post(f"{PAGE}send", json={"key": key, "provider": provider, "body": question})


def recorded(manage: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    id = answer.headers["x-relay-request-id"]
    until(lambda: manage.get(f"/manage/logs/{id}").status_code == 200)
    return manage.get(f"/manage/logs/{id}").json()


def test_the_page_offers_keys_and_providers(staff, key):
    page = staff.get(PAGE)
    assert page.status_code == 200
    assert f'value="{key}"' in page.text and "of a game" in page.text
    assert "<option>default</option>" in page.text


def test_a_question_is_an_ordinary_call(staff, manage, key):
    answer = send(staff, key, temperature=0)
    assert answer.status_code == 200, answer.text
    assert "a game" in answer.json()["choices"][0]["message"]["content"]
    assert answer.headers["x-relay-provider"] == "default"
    record = recorded(manage, answer)
    assert (record["key_name"], record["lineage"], record["tags"]) == (
        "of a game",
        "playground",
        ["playground"],
    )
    assert (record["end_user"], record["outcome"]) == ("admin", "completed")
    assert record["request_body"] == {"model": "gpt-4o", "messages": MESSAGES, "temperature": 0}
    events = manage.get("/manage/audit", params={"action": "playground.send"}).json()["results"]
    assert events[0]["actor_name"] == "admin" and events[0]["detail"]["model"] == "gpt-4o"


def test_a_recorded_call_is_opened_with_its_members(staff, manage, key):
    record = recorded(manage, send(staff, key, temperature=0, top_p=0.5))
    opened = staff.get(PAGE, params={"record": record["id"]}).text
    given = json.loads(re.search(r'<script id="given"[^>]*>(.*?)</script>', opened, re.DOTALL)[1])
    assert given["key"] == key
    assert given["body"] == {"model": "gpt-4o", "messages": MESSAGES, "temperature": 0, "top_p": 0.5}
    for id in ("nonsense", "01999999-9999-7999-8999-999999999999"):
        assert staff.get(PAGE, params={"record": id}).status_code == 404


def test_a_stream_comes_as_it_is_made(staff, manage, key):
    question = {"model": "gpt-4o", "messages": MESSAGES, "stream": True}
    with staff.stream("POST", f"{PAGE}send", json={"key": key, "body": question}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [line for line in answer.iter_lines() if line.startswith("data: ")]
    assert len(events) > 2 and events[-1] == "data: [DONE]"
    assert recorded(manage, answer)["outcome"] == "completed"


def test_who_leaves_ends_the_call(staff, manage, key):
    slow = [{"role": "user", "content": "[[sim chunks=400 delay=50]]"}]
    question = {"model": "gpt-4o", "messages": slow, "stream": True}
    with staff.stream("POST", f"{PAGE}send", json={"key": key, "body": question}) as answer:
        next(answer.iter_bytes())
    assert recorded(manage, answer)["outcome"] == "client_disconnected"


def test_a_key_of_ones_own_is_made_once(staff, manage):
    first, second = (recorded(manage, send(staff, "own")) for _ in range(2))
    assert first["key_name"] == "playground-admin"
    assert first["key_id"] == second["key_id"]
    assert "playground-admin" in staff.get(PAGE).text


def test_what_a_provider_refuses_is_passed_on(staff, key):
    wrong = [{"role": "user", "content": "[[sim status=429 retry_after=2]]"}]
    answer = send(staff, key, messages=wrong)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"key": ""}, "Choose a key"),
        ({"key": "credential:99999"}, "no such key"),
        ({"key": "credential:x"}, "no such key"),
        ({"key": "token:1"}, "no such key"),
        ({"key": "user:1"}, "no such key"),
        ({"provider": "elsewhere"}, "There is no enabled provider &#39;elsewhere&#39;"),
        ({"provider": 5}, "named by a text"),
        ({"body": []}, "A request is a JSON object."),
        ({"body": {"messages": MESSAGES}}, "Choose a model"),
        ({"body": {"model": "gpt-4o", "messages": []}}, "Write a message."),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(staff, key, given, words):
    usual = {"key": key, "body": {"model": "gpt-4o", "messages": MESSAGES}}
    answer = staff.post(f"{PAGE}send", json=usual | given)
    assert answer.status_code == 400
    assert words.replace("&#39;", "'") in answer.json()["error"]["message"]


def test_what_is_no_json_is_refused_too(staff):
    answer = staff.post(f"{PAGE}send", content=b"{")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "This is no JSON object.")


def test_strangers_and_forged_forms_are_refused(relay_server, staff, key):
    assert httpx.get(f"{relay_server.url}{PAGE}").status_code == 302
    for path in ("models", "result"):
        assert httpx.get(f"{relay_server.url}{PAGE}{path}").status_code == 403
    forged = httpx.post(f"{relay_server.url}{PAGE}send", json={}, cookies=dict(staff.cookies))
    assert forged.status_code == 403


def test_models_are_those_that_the_key_may_ask_for(staff, manage, simulator: Simulator):
    made = manage.post(
        "/manage/credentials", json={"name": "of one model", "allowed_models": ["gpt-4o-mini"]}
    ).json()
    answer = staff.get(f"{PAGE}models", params={"key": f"credential:{made['id']}"})
    assert answer.status_code == 200, answer.text
    found = answer.json()["models"]
    assert found == ["gpt-4o-mini"]
    assert "gpt-4o" in staff.get(f"{PAGE}models", params={"key": "own"}).json()["models"]


@pytest.mark.parametrize(("language", "words"), [("curl", "curl -N http"), ("python", "from openai import")])
def test_the_call_is_written_as_a_program(relay_server, staff, language, words):
    question = {"model": "gpt-4o", "messages": MESSAGES, "stream": True}
    answer = staff.post(f"{PAGE}program", params={"language": language}, json={"body": question})
    assert answer.headers["content-type"].startswith("text/plain")
    assert words in answer.text and relay_server.url in answer.text and "a game" in answer.text


def test_no_other_language_is_spoken(staff):
    question = {"model": "gpt-4o", "messages": MESSAGES}
    assert staff.post(f"{PAGE}program", params={"language": "x"}, json={"body": question}).status_code == 400


def test_what_became_of_it_is_known_a_second_later(staff, key):
    assert staff.get(f"{PAGE}result", params={"id": "nonsense"}).json() == {"is_recorded": False}
    id = send(staff, key).headers["x-relay-request-id"]
    asked = f"{PAGE}result?id={id}"
    until(lambda: staff.get(asked).json()["is_recorded"])
    found = staff.get(asked).json()
    assert found["prompt_tokens"] > 0 and found["outcome"] == "Completed"
    assert found["link"].startswith("/admin/logs_app/logrecord/")
    assert json.dumps(found["cost"]).startswith('"$')
