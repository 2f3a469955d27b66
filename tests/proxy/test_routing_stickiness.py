from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from proxy.configuration.configuration import Project
from proxy.routing import stickiness
from proxy.routing.catalogue import Candidate
from proxy.routing.stickiness import Tie, tie_of
from tests.proxy.calls import call
from tests.proxy.lanes import key, provider

TOOL_USE = {"type": "tool_use", "name": "run", "input": {"container": "web", "files": {"file_id": "a"}}}


def candidates(*weights: int, **given: Any) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(provider("http://p", id=number, provider_key=f"p{number}", weight=weight, **given), None)
        for number, weight in enumerate(weights, 1)
    )


def homes(found: tuple[Candidate, ...], owners: int = 2000) -> list[int]:
    return [stickiness.at_home(found, f"project:{n}")[0].provider.id for n in range(owners)]


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/v1/responses/resp_1", ("resp_1",)),
        ("/v1/responses/resp_1/cancel", ("resp_1",)),
        ("/v1/chat/completions/chatcmpl-1/messages", ("chatcmpl-1",)),
        ("/v1/files/file-1/content", ("file-1",)),
        ("/v1/batches/batch_1", ("batch_1",)),
        ("/v1/vector_stores/vs_1/files", ("vs_1",)),
        ("/v1/fine_tuning/jobs/ft-1", ("ft-1",)),
        ("/v1/messages/batches/msgbatch_1", ("msgbatch_1",)),
        ("/v1/containers/cntr_1", ("cntr_1",)),
        ("/v1/conversations/conv_1/items", ("conv_1",)),
        ("/v1/files", ()),
    ],
)
def test_ids_in_the_path(path: str, ids: tuple[str, ...]) -> None:
    assert tie_of(call("GET", path)) == Tie(ids)


@pytest.mark.parametrize(
    ("member", "ids"),
    [
        ({"previous_response_id": "resp_1"}, ("resp_1",)),
        ({"conversation": "conv_1"}, ("conv_1",)),
        ({"conversation": {"id": "conv_1"}}, ("conv_1",)),
        ({"input": [{"content": [{"type": "input_file", "file_id": "file-1"}]}]}, ("file-1",)),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}, ("vs_1",)),
        ({"tools": [{"type": "code_interpreter", "container": "cntr_1"}]}, ("cntr_1",)),
        ({"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]}, ()),
        ({"container": {"skills": [], "id": "cntr_1"}}, ("cntr_1",)),
        (
            {"tools": [{"container": {"type": "auto", "file_ids": ["file-1", "file-2"]}}]},
            ("file-1", "file-2"),
        ),
        ({"previous_response_id": None, "container": {}, "file_id": 7, "file_ids": [7, None]}, ()),
        ({"thread_id": "x" * 201}, ()),
        ({"input": 'I said: "previous_response_id": "resp_1"'}, ()),
    ],
)
def test_ids_in_the_body(member: dict[str, Any], ids: tuple[str, ...]) -> None:
    assert tie_of(call("POST", "/v1/responses", {"model": "m", **member})) == Tie(ids, makes=True)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
        ("POST", "/v1/messages", {"messages": []}),
        ("POST", "/v1/messages/count_tokens", {"messages": []}),
        ("POST", "/v1/embeddings", {"input": "hi"}),
        # Names that clients and models give are theirs.
        ("POST", "/v1/chat/completions", {"messages": [], "metadata": {"thread_id": "t-1"}}),
        ("POST", "/v1/chat/completions", {"tools": [{"function": {"parameters": {"file_id": "x"}}}]}),
        (
            "POST",
            "/v1/messages",
            {"messages": [{"content": [{"type": "tool_use", "input": {"container": "a"}}]}]},
        ),
        ("POST", "/v1/messages", {"tools": [{"input_schema": {"properties": {"thread_id": "x"}}}]}),
        ("GET", "/v1/models", None),
        ("GET", "/v1/models/gpt-4o", None),
        ("POST", "/v1/audio/speech", {"input": "hi"}),
    ],
)
def test_most_calls_have_no_tie(method: str, path: str, body: Any) -> None:
    assert tie_of(call(method, path, body)) is None


def test_a_chat_that_is_stored_is_made_at_home() -> None:
    assert tie_of(call("POST", "/v1/chat/completions", {"store": True})) == Tie(makes=True)
    assert tie_of(call("POST", "/v1/chat/completions", {"store": False})) is None
    assert tie_of(call("GET", "/v1/chat/completions")) == Tie()


def test_a_chat_about_a_file_goes_where_the_file_is() -> None:
    content = [{"type": "file", "file": {"file_id": "file-1"}}]
    body = {"messages": [{"role": "user", "content": content}]}
    assert tie_of(call("POST", "/v1/chat/completions", body)) == Tie(("file-1",))


@pytest.mark.parametrize(
    "part",
    [
        {"type": "document", "source": {"type": "file", "file_id": "file-1"}},
        {"type": "container_upload", "file_id": "file-1"},
        {
            "type": "tool_result",
            "content": [{"type": "image", "source": {"type": "file", "file_id": "file-1"}}],
        },
    ],
)
def test_a_message_about_a_file_goes_where_the_file_is(part: dict[str, Any]) -> None:
    body = {"messages": [{"role": "user", "content": [part]}]}
    assert tie_of(call("POST", "/v1/messages", body)) == Tie(("file-1",))


def test_everybody_agrees_on_a_home() -> None:
    first, second = candidates(1, 1, 1), candidates(1, 1, 1)[::-1]
    for owner in ("a", "b", "c", "d"):
        found = [[c.provider.id for c in stickiness.at_home(each, owner)] for each in (first, second)]
        assert found[0] == found[1]


def test_homes_are_spread_by_weight() -> None:
    seen = Counter(homes(candidates(3, 1)))
    assert seen[1] / 2000 == pytest.approx(0.75, abs=0.04)


def test_when_a_provider_joins_nobody_moves_but_to_it() -> None:
    before, after = homes(candidates(1, 1, 1)), homes(candidates(1, 1, 1, 1))
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    assert set(moved) == {4}
    assert len(moved) / 2000 == pytest.approx(0.25, abs=0.05)


def test_a_lower_tier_is_nobodys_home() -> None:
    upper, lower = candidates(1)[0], candidates(9, 9, priority=1)[1]
    assert {stickiness.at_home((lower, upper), str(n))[0] for n in range(50)} == {upper}


def test_a_weight_of_0_is_nobodys_home() -> None:
    assert set(homes(candidates(0, 1), 50)) == {2}


def test_keys_without_a_project_have_a_home_of_their_own() -> None:
    assert stickiness.owner_of(key()) == "credential:7"
    assert stickiness.owner_of(key(project=Project("p-1", "Shop"))) == "project:p-1"
    assert stickiness.owner_of(None) == ""


def test_the_id_of_what_was_made() -> None:
    assert stickiness.id_in(b'{\n "id": "file-1", "object": "file"}') == "file-1"
    event = b'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1"}}\n\n'
    assert stickiness.id_in(event) == "resp_1"
    assert stickiness.id_in(b'{"object":') is None
