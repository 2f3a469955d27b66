"""Routes and processors as clients meet them: a relay with two workers, changed while it runs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest

from proxy.simulator import Simulator
from tests.running import ROOT, Relay

WITHIN_SECONDS = 1.0
CALLS = 8  # enough to meet both workers


class Team:
    """A relay, its management API, and the provider behind it."""

    def __init__(self, relay: Relay, simulator: Simulator) -> None:
        self.relay = relay
        self.simulator = simulator
        headers = {"authorization": f"Bearer {relay.management_token}"}
        self.http = httpx.Client(base_url=relay.url, headers=headers, timeout=20)

    def manage(self, method: str, path: str, **body: Any) -> Any:
        response = self.http.request(method, f"/manage/{path}", json=body or None)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def client(self, prefix: str) -> openai.OpenAI:
        return openai.OpenAI(api_key=self.relay.key, base_url=self.relay.url + prefix, max_retries=0)

    def post(self, path: str, **body: Any) -> httpx.Response:
        """On a connection of its own, so that any worker may take it."""
        key = {"authorization": f"Bearer {self.relay.key}"}
        return httpx.post(self.relay.url + path, json=body, headers=key, timeout=20)

    def sent(self, mark: str) -> list[Any]:
        """What the provider got with this in it."""
        return [r for r in self.simulator.requests if mark.encode() in r.body]

    def record(self, request_id: str) -> Any:
        return until(
            lambda: self.http.get(f"/manage/logs/{request_id}"), lambda answer: answer.is_success
        ).json()


def documented() -> str:
    """The program that docs/writing-processors.md shows."""
    page = (ROOT / "docs" / "writing-processors.md").read_text()
    found = re.search(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def until(ask: Callable[[], Any], holds: Callable[[Any], bool], seconds: float = 10) -> Any:
    ends_at = time.monotonic() + seconds
    while not holds(found := ask()):
        assert time.monotonic() < ends_at, found
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def team(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    own = tmp_path_factory.mktemp("own")
    (own / "house_rules.py").write_text(documented())
    relay = Relay(TARGET_BASE_URL=simulator.base_url, WORKERS="2", PYTHONPATH=str(own))
    try:
        made = Team(relay.start(), simulator)
        made.manage("POST", "processors", name="kind", type="system_prompt", config_value="Answer kindly.")
        made.manage("POST", "routes", name="assistants", path_prefix="/assistants", processors=["kind"])
        until(
            lambda: made.post("/assistants/chat/completions", model="m", messages=[]),
            lambda r: r.status_code == 200,
        )
        time.sleep(WITHIN_SECONDS)  # the other worker has it too
        yield made
        made.http.close()
    finally:
        relay.remove()


def test_an_sdk_calls_under_the_prefix_of_a_route(team: Team) -> None:
    for prefix in ("/assistants", "/assistants/v1"):
        answer = team.client(prefix).chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": f"hello from {prefix}."}]
        )
        assert answer.choices[0].message.content
        (request,) = team.sent(f"hello from {prefix}.")
        assert request.target == "/v1/chat/completions"
        assert b"Answer kindly." in request.body


def test_a_stream_under_the_prefix_of_a_route(team: Team) -> None:
    stream = team.client("/assistants").chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "stream it"}], stream=True
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


@pytest.mark.parametrize(
    "path", ["/", "/health", "/admin/login/", "/manage/routes", "/docs", "/openapi.json"]
)
def test_what_the_relay_itself_answers_stays_where_it_was(team: Team, path: str) -> None:
    assert team.http.get(path, follow_redirects=True).status_code == 200


def test_a_path_of_no_route_is_not_found(team: Team) -> None:
    response = team.post("/nowhere/chat/completions", model="m")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"
    assert team.post("/assistantsX/chat/completions", model="m").status_code == 404


def test_a_route_changes_under_the_feet_of_its_callers(team: Team) -> None:
    team.manage("POST", "routes", name="hot", path_prefix="/hot", allow_streaming=False)
    changed_at = time.monotonic()
    body = {"model": "m", "messages": [{"role": "user", "content": "hot"}]}
    until(lambda: team.post("/hot/chat/completions", **body), lambda answer: answer.status_code == 200)
    assert time.monotonic() - changed_at < WITHIN_SECONDS + 1
    time.sleep(WITHIN_SECONDS)
    refused = [team.post("/hot/chat/completions", **body, stream=True) for _ in range(CALLS)]
    assert {answer.json()["error"]["code"] for answer in refused} == {"stream_not_allowed"}
    team.manage("PATCH", "routes/hot", allow_streaming=True, processors=["kind"])
    time.sleep(WITHIN_SECONDS)
    assert {team.post("/hot/chat/completions", **body, stream=True).status_code for _ in range(CALLS)} == {
        200
    }
    assert all(b"Answer kindly." in request.body for request in team.sent('"hot"')[-CALLS:])
    team.manage("DELETE", "routes/hot")
    time.sleep(WITHIN_SECONDS)
    assert {team.post("/hot/chat/completions", **body).status_code for _ in range(CALLS)} == {404}


def test_a_web_page_calls_a_route_that_lists_it(team: Team) -> None:
    page = "https://app.example"
    team.manage("POST", "routes", name="web", path_prefix="/web", allowed_origins=[page])
    asked = {"origin": page, "access-control-request-method": "POST"}
    found = until(
        lambda: httpx.options(f"{team.relay.url}/web/chat/completions", headers=asked),
        lambda answer: answer.status_code == 204,
    )
    assert found.headers["access-control-allow-origin"] == page


def test_the_call_of_a_processor_is_a_record_with_its_parent(team: Team) -> None:
    prompt = {"system_prompt": "Ask more precisely."}
    team.manage(
        "POST",
        "processors",
        name="enhance",
        type="openai_chat",
        config_value="gpt-4o-mini",
        additional_config=prompt,
    )
    team.manage("POST", "routes", name="enhanced", path_prefix="/enhanced", processors=["enhance", "kind"])
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "what is love"}]}
    answer = until(
        lambda: team.post("/enhanced/chat/completions", **body), lambda found: found.status_code == 200
    )
    parent = team.record(answer.headers["x-relay-request-id"])
    assert (parent["path"], parent["endpoint"]) == ("/enhanced/chat/completions", "/v1/chat/completions")
    assert parent["model_served"] == "gpt-4o"
    assert [edit["name"] for edit in parent["edits"]] == ["enhanced", "enhance", "kind"]
    (listed,) = until(
        lambda: [row for row in team.manage("GET", "logs")["results"] if row["model"] == "gpt-4o-mini"],
        bool,
    )
    child = team.record(listed["id"])
    assert child["parent"] == parent["id"]
    assert (child["outcome"], child["key_name"]) == ("completed", parent["key_name"])
    assert child["completion_tokens"] > 0


def test_a_class_of_ones_own_is_a_step(team: Team) -> None:
    rule = {"name": "shorten", "type": "python", "config_value": "house_rules.Shorten"}
    team.manage("POST", "processors", **rule, additional_config={"keep": 1})
    team.manage("POST", "routes", name="short", path_prefix="/short", processors=["shorten"])
    messages = [{"role": "user", "content": text} for text in ("far too old", "short and new")]
    until(
        lambda: team.post("/short/chat/completions", model="m", messages=messages),
        lambda answer: answer.status_code == 200,
    )
    assert team.sent("short and new")
    assert not team.sent("far too old")


def test_a_class_of_ones_own_asks_a_model(team: Team) -> None:
    models = {"small": "gpt-4o-mini", "large": "gpt-4o"}
    rule = {"name": "right-size", "type": "python", "config_value": "house_rules.RightSize"}
    team.manage("POST", "processors", **rule, additional_config=models)
    team.manage("POST", "routes", name="sized", path_prefix="/sized", processors=["right-size"])
    answer = until(
        lambda: team.post(
            "/sized/chat/completions", model="any", messages=[{"role": "user", "content": "2 + 2?"}]
        ),
        lambda answer: answer.status_code == 200,
    )
    assert answer.headers["x-relay-model"] == "gpt-4o-mini"


def test_changes_under_load_drop_no_call(team: Team) -> None:
    team.manage("POST", "routes", name="busy", path_prefix="/v1/chat", processors=[])
    ends_at = time.monotonic() + 3

    def call_on() -> list[int]:
        found = []
        while time.monotonic() < ends_at:
            found.append(team.post("/v1/chat/completions", model="m", messages=[]).status_code)
        return found

    with ThreadPoolExecutor(4) as pool:
        calling = [pool.submit(call_on) for _ in range(4)]
        for change in (
            {"processors": ["kind"]},
            {"path_prefix": "/v1"},
            {"is_enabled": False},
            {"processors": []},
        ):
            team.manage("PATCH", "routes/busy", **change)
            time.sleep(0.5)
    statuses = [status for one in calling for status in one.result()]
    assert set(statuses) == {200}
    team.manage("DELETE", "routes/busy")
