from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.errors import Invalid
from proxy.replay.changes import Changes, apply, system_of

CHAT = "/v1/chat/completions"
USER = {"role": "user", "content": "Hi"}
SYSTEM = {"role": "system", "content": "Be brief."}


def changed(path: str, document: dict[str, Any], **changes: Any) -> Any:
    return json.loads(apply(path, json.dumps(document).encode(), Changes(**changes)))


def test_without_changes_no_byte_moves():
    body = b'{ "seed" : 123456789012345678901234567890,"a":"\\u00e9" }'
    assert apply(CHAT, body, Changes()) == body
    assert apply(CHAT, b"no json", Changes(provider="other")) == b"no json"


def test_model_and_members_are_set_and_dropped():
    asked = {"model": "a", "temperature": 1, "top_p": 0.5, "messages": [USER]}
    found = changed(CHAT, asked, model="b", set={"temperature": 0, "n": 2}, drop=("top_p", "unknown"))
    assert found == {"model": "b", "temperature": 0, "n": 2, "messages": [USER]}


@pytest.mark.parametrize("role", ["system", "developer"])
def test_the_system_prompt_of_a_chat_is_replaced(role):
    found = changed(CHAT, {"messages": [SYSTEM | {"role": role}, USER]}, system="Be long.")
    assert found["messages"] == [{"role": role, "content": "Be long."}, USER]


def test_a_chat_without_one_gets_one():
    assert changed(CHAT, {"messages": [USER]}, system="")["messages"] == [
        {"role": "system", "content": ""},
        USER,
    ]


@pytest.mark.parametrize(
    ("path", "asked", "member"),
    [
        ("/v1/messages", {"messages": [USER], "system": "old"}, "system"),
        ("/v1/responses", {"input": "Hi"}, "instructions"),
        ("/v1/responses", {"input": [USER], "instructions": "old"}, "instructions"),
    ],
)
def test_other_protocols_have_it_elsewhere(path, asked, member):
    assert changed(path, asked, system="new") == asked | {member: "new"}


def test_a_request_without_a_place_for_it_says_so():
    with pytest.raises(Invalid, match="no place for a system prompt"):
        changed("/v1/embeddings", {"input": "x"}, system="new")


@pytest.mark.parametrize("body", [b"--boundary", b"[1]", b""])
def test_only_json_objects_can_be_changed(body):
    with pytest.raises(Invalid, match="JSON object"):
        apply(CHAT, body, Changes(model="b"))


def test_numbers_of_any_size_survive_a_change():
    found = apply(CHAT, b'{"seed":123456789012345678901234567890}', Changes(model="b"))
    assert json.loads(found) == {"seed": 123456789012345678901234567890, "model": "b"}


@pytest.mark.parametrize(
    ("path", "asked", "found"),
    [
        (CHAT, {"messages": [USER, SYSTEM]}, "Be brief."),
        (CHAT, {"messages": [USER]}, ""),
        (CHAT, {"messages": [{"role": "developer", "content": [{"text": "a"}, {"text": "b"}, 1]}]}, "a\nb"),
        ("/v1/messages", {"messages": [USER], "system": [{"type": "text", "text": "old"}]}, "old"),
        ("/v1/responses", {"input": "Hi", "instructions": "old"}, "old"),
        ("/v1/embeddings", {"input": "x"}, ""),
        (CHAT, None, ""),
    ],
)  # fmt: skip
def test_the_system_prompt_is_read_where_it_is_written(path: str, asked: Any, found: str) -> None:
    assert system_of(path, asked) == found
