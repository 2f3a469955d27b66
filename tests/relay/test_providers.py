"""Providers as clients meet them: several behind one relay, made over the API while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest

from proxy.simulator import Simulator
from tests.running import Relay

MAPPING = {"gpt-4o": "upstream-4o", "mini-*": {"mapped_model": "small-*", "supports_vision": False}}


class Several:
    """One relay with two workers, the first provider maps names, the second speaks Anthropic's protocol."""

    def __init__(self, relay: Relay, simulator: Simulator) -> None:
        self.relay, self.simulator = relay, simulator
        token = {"authorization": f"Bearer {relay.management_token}"}
        self.http = httpx.Client(base_url=relay.url, headers=token, timeout=20)
        self.manage("PATCH", "providers/default", model_mapping=MAPPING)
        base = simulator.base_url.removesuffix("/v1")
        given = {"provider_key": "claude", "preset": "anthropic", "api_key": "sk-ant-1", "api_base": base}
        self.manage("POST", "providers", **given)
        self.manage("PATCH", "settings", provider_suffix="Proxy")
        time.sleep(1)  # by then every process has it

    def manage(self, method: str, path: str, **body: Any) -> Any:
        response = self.http.request(method, f"/manage/{path}", json=body or None)
        assert response.is_success, response.text
        return response.json()

    def record(self, request_id: str) -> Any:
        for _ in range(100):
            if (answer := self.http.get(f"/manage/logs/{request_id}")).is_success:
                return answer.json()
            time.sleep(0.1)
        raise AssertionError(f"there is no record {request_id}")


@pytest.fixture(scope="module")
def several(simulator: Simulator) -> Iterator[Several]:
    relay = Relay(TARGET_BASE_URL=simulator.base_url, WORKERS="2")
    try:
        made = Several(relay.start(), simulator)
        yield made
        made.http.close()
    finally:
        relay.remove()


@pytest.fixture
def client(several: Several) -> Iterator[openai.OpenAI]:
    url, key = several.relay.base_url, several.relay.key
    with openai.OpenAI(base_url=url, api_key=key, max_retries=0) as made:
        yield made


def ask(model: str, **more: Any) -> Any:
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [("gpt-4o", "upstream-4o"), ("Proxy/gpt-4o", "upstream-4o"), ("mini-3", "small-3")],
)
def test_a_client_only_meets_the_name_it_asked_for(
    several: Several, client: openai.OpenAI, asked: str, sent: str
) -> None:
    answer = client.chat.completions.with_raw_response.create(**ask(asked))
    assert (answer.parse().model, answer.headers["x-relay-model"]) == (asked, sent)
    assert {chunk.model for chunk in client.chat.completions.create(**ask(asked, stream=True))} == {asked}
    assert client.responses.create(model=asked, input="hi").model == asked
    record = several.record(answer.headers["x-relay-request-id"])
    assert (record["model"], record["provider"]) == (asked, "default")
    assert {"kind": "model", "from": sent, "to": asked} in record["edits"]


def test_a_name_that_nobody_serves_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(**ask("unheard-of"))
    assert raised.value.code == "model_not_found"


def test_the_list_is_of_all_providers(client: openai.OpenAI) -> None:
    found = [model.id for model in client.models.list()]
    assert "gpt-4o" in found
    assert {model.owned_by for model in client.models.list()} == {"default", "claude"}
    assert client.models.retrieve("gpt-4o").owned_by == "default"


def test_messages_go_to_the_provider_of_their_protocol(several: Several) -> None:
    relay = several.relay
    with anthropic.Anthropic(base_url=relay.url, api_key=relay.key, max_retries=0) as claude:
        answer = claude.messages.with_raw_response.create(
            model="claude-sonnet-5", max_tokens=50, messages=[{"role": "user", "content": "hi"}]
        )
    assert answer.headers["x-relay-provider"] == "claude"
    assert ("x-api-key", "sk-ant-1") in several.simulator.requests[-1].headers
