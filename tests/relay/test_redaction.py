"""With REDACT_LOGS, secrets that calls carry lie nowhere: not in the database, its log, the journal, a file.

They come whole and in pieces: over the events of a stream, over parts of a message, over slices of the wire.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from logs_app.freshness import FRESH_SECONDS
from proxy.simulator import Simulator
from tests import managing
from tests.running import MANAGEMENT_TOKEN, PROXY_KEY, Relay
from tests.waiting import until

EMAIL, PHONE, CARD, EMPLOYEE = "canary.joe@example.com", "13812345678", "4111111111111111", "EMP-77123"
SECRETS = {
    "EMAIL": EMAIL,
    "PHONE": PHONE,
    "CARD": CARD,
    "CN_ID": "11010519491231002X",
    "SSN": "219-09-9998",
    "IBAN": "DE89370400440532013000",
    "API_KEY": "sk-" + "proj-Canary7Hq2Zr9TbVx81Kq0vLmN4pQ7",
    "JWT": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ",
    "PASSWORD": "hunter2canary",
    "EMPLOYEE": EMPLOYEE,
}
TEXT = (
    f"Mail {EMAIL}, call {PHONE}, pay with {CARD}. ID {SECRETS['CN_ID']}, SSN {SECRETS['SSN']}, "
    f"IBAN {SECRETS['IBAN']}. key {SECRETS['API_KEY']} jwt {SECRETS['JWT']} "
    f"db postgres://app:{SECRETS['PASSWORD']}@db/x staff {EMPLOYEE} end"
)
ENCODED = base64.urlsafe_b64encode(TEXT.encode()).decode().rstrip("=")
SAID = f"[[sim text={ENCODED} chunks=60 split=40]]"
FAILED = f"[[sim status=400 message={ENCODED}]]"
FAILED_LATER = f"[[sim error_event=2 message={ENCODED}]]"
CUT = f"[[sim text={ENCODED} chunks=60 cut=45]]"
# All rows, and all payloads as they are shown to people.
DUMP = """
from django.apps import apps
from logs_app import payloads
from logs_app.presentation import presentation as shown
from logs_app.models import LogPayload
for model in apps.get_models():
    for row in model.objects.values():
        print(row)
for each in LogPayload.objects.all():
    print(shown.headers(each.request_headers), shown.request_body(each), payloads.unpack(each.request_sent))
    print(shown.headers(each.response_headers), shown.response_body(each), shown.response_raw(each))
"""


@pytest.fixture(scope="module")
def relay(simulator: Simulator) -> Iterator[Relay]:
    relay = Relay(TARGET_BASE_URL=simulator.base_url, REDACT_LOGS="true", LOG_LEVEL="debug")
    try:
        relay.start()
        rule = {"name": "staff", "label": "EMPLOYEE", "pattern": r"EMP-\d{5}"}
        assert manage(relay, "POST", "redaction-rules", rule).status_code == 201
        speak(relay)
        yield relay
    finally:
        relay.remove()


def manage(relay: Relay, method: str, path: str, body: Any = None) -> httpx.Response:
    headers = {"authorization": f"Bearer {MANAGEMENT_TOKEN}"}
    return httpx.request(method, f"{relay.url}/manage/{path}", json=body, headers=headers)


def speak(relay: Relay) -> None:
    assert manage(relay, "GET", "settings/records").json()["redact_logs"] is True
    time.sleep(2 * FRESH_SECONDS)  # the recorder has read the new rule
    headers = {
        "authorization": f"Bearer {PROXY_KEY}",
        "x-relay-user": EMAIL,
        "x-relay-session": PHONE,
        "x-relay-tags": f"plain, {EMAIL}",
        "x-request-id": EMPLOYEE,
    }
    with httpx.Client(base_url=relay.base_url, headers=headers, timeout=60) as client:
        calls = list(bodies())
        for path, body in calls:
            with suppress(httpx.TransportError):  # of an answer that is cut
                client.post(path, json=body)
        client.post("/files", files={"file": ("a.jsonl", json.dumps({"text": TEXT}))}, data={"purpose": TEXT})
        client.post("/completions", content=b'{"prompt": "' + TEXT.encode())
        with client.stream(
            "POST", "/chat/completions", json=chat(SAID + "[[sim delay=20]]", stream=True)
        ) as answer:
            next(answer.iter_bytes())  # and leave
    found = lambda: len(manage(relay, "GET", "logs?page_size=200").json()["results"])  # noqa: E731
    until(lambda: found() == len(calls) + 3, 60)


def chat(*parts: str, stream: bool = False, **more: Any) -> dict[str, Any]:
    """The last part gets a script for the simulator; the others are parts of one text."""
    content = [{"type": "text", "text": part} for part in parts]
    return {
        "model": "gpt-4o",
        "stream": stream,
        "user": EMAIL,
        "messages": [*HISTORY, {"role": "user", "content": content}],
    } | more


CALL = {"to": EMAIL, "card": int(CARD), "phone": int(PHONE), "password": SECRETS["PASSWORD"], "note": TEXT}
HISTORY = [
    {"role": "system", "content": TEXT},
    {
        "role": "assistant",
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "pay", "arguments": json.dumps(CALL)}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({EMAIL: [TEXT]}, ensure_ascii=True)},
]


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    middle = TEXT.index("joe")
    for stream in (False, True):
        yield f"/chat/completions?to={EMAIL.replace('@', '%40')}", chat(SAID, stream=stream)
        yield "/chat/completions", chat(TEXT[:middle], TEXT[middle:], SAID, stream=stream, n=2, logprobs=True)
        yield "/responses", {"model": "gpt-4o", "input": SAID + TEXT, "stream": stream}
        yield "/completions", {"model": "gpt-4o", "prompt": SAID + TEXT, "stream": stream}
        message = {
            "model": "claude",
            "max_tokens": 99,
            "messages": [{"role": "user", "content": SAID + TEXT}],
        }
        yield "/messages", message | {"stream": stream}
        yield "/chat/completions", chat(FAILED, stream=stream)
        yield "/chat/completions", chat(FAILED_LATER, stream=stream)
        yield "/chat/completions", chat(CUT, stream=stream)
    yield "/embeddings", {"model": "e", "input": [TEXT, EMAIL]}
    yield f"/unheard/of/{EMAIL}", {"anything": TEXT}


def leaked(text: str) -> list[str]:
    return [kind for kind, secret in SECRETS.items() if secret in text]


def test_no_row_of_the_database_holds_a_secret(relay: Relay) -> None:
    done = managing.run([], relay.environ, code=DUMP)
    dump = done.stdout
    assert [line[:2000] for line in dump.splitlines() if leaked(line)] == []
    assert all(f"[{kind}_1]" in dump for kind in SECRETS)
    assert "could not be redacted" not in dump


def test_what_was_said_stays_readable(relay: Relay) -> None:
    records = manage(relay, "GET", "logs?page_size=200").json()["results"]
    streamed = [
        row for row in records if row["path"] == "/v1/chat/completions" and row["outcome"] == "completed"
    ]
    shown = [row["response_preview"] for row in streamed if row["is_streaming"]]
    assert any(text.startswith("Mail [EMAIL_1], call [PHONE_1], pay with [CARD_1].") for text in shown)


def test_no_file_of_the_relay_holds_a_secret(relay: Relay) -> None:
    """The last one: it stops the relay, so that all is written."""
    files = [path for path in relay.data_dir.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert any(name.endswith(".seg") for name in names) and "serve.out" in names
    before = {path.name: leaked(path.read_bytes().decode("latin-1")) for path in files}
    relay.stop()
    after = {
        path.name: leaked(path.read_bytes().decode("latin-1"))
        for path in relay.data_dir.rglob("*")
        if path.is_file()
    }
    assert {name: found for name, found in (before | after).items() if found} == {}
