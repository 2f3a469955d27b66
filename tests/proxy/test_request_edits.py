from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from proxy.configuration.configuration import Provider, Settings
from proxy.request import edits
from proxy.request.endpoints import find
from proxy.request.parsing import Call

SETTINGS = Settings("gpt-default", 10, 600, 600, None, True)
PROVIDER = Provider(1, "default", "openai", "https://x.test", "sk-up")
CHAT = "/v1/chat/completions"
INJECTED = [{"kind": "inject_stream_usage"}]


def call(body: bytes | None, path: str = CHAT) -> Call:
    document = json.loads(body) if body else None
    made = Call("POST", path, path.removeprefix("/v1/"), "", [], find(path), None, body=body)
    if isinstance(document, dict):
        made.document = document
        made.model = document.get("model") or None
        made.is_streaming = document.get("stream") is True
    return made


def with_model(body: bytes, path: str = CHAT, settings: Settings = SETTINGS) -> edits.Outgoing:
    return edits.begin(call(body, path), settings)


def with_usage(
    body: bytes, path: str = CHAT, settings: Settings = SETTINGS, **switches: Any
) -> edits.Outgoing:
    made = call(body, path)
    outgoing = edits.Outgoing(made.body, made.model)
    return edits.ask_for_usage(outgoing, made, replace(PROVIDER, **switches), settings)


def test_a_call_without_a_model_gets_the_default() -> None:
    outgoing = with_model(b'{"messages": []}')
    assert outgoing.body == b'{"model":"gpt-default","messages": []}'
    assert outgoing.model == "gpt-default"
    assert outgoing.edits == ({"kind": "default_model", "model": "gpt-default"},)


@pytest.mark.parametrize("value", ['""', "null", "0"])
def test_an_empty_model_is_replaced_in_its_place(value: str) -> None:
    outgoing = with_model(b'{"a":1, "model" : %b }' % value.encode())
    assert outgoing.body == b'{"a":1, "model" : "gpt-default" }'


def test_an_empty_object_gets_the_default() -> None:
    assert with_model(b"{}").body == b'{"model":"gpt-default"}'


@pytest.mark.parametrize("body", [b'{"model":"mine"}', b"[1]"])
def test_a_named_model_and_what_is_no_object_are_left_alone(body: bytes) -> None:
    outgoing = with_model(body)
    assert outgoing.body is body
    assert outgoing.edits == ()


@pytest.mark.parametrize("path", ["/v1/moderations", "/v1/images/generations", "/v1/files", "/v1/unknown"])
def test_endpoints_that_need_no_model_get_none(path: str) -> None:
    assert with_model(b'{"input":"x"}', path).body == b'{"input":"x"}'


def test_without_a_default_nothing_is_filled_in() -> None:
    assert with_model(b"{}", settings=replace(SETTINGS, default_model="")).body == b"{}"


def test_a_model_name_is_written_as_json() -> None:
    outgoing = with_model(b"{}", settings=replace(SETTINGS, default_model='odd"name\n'))
    assert json.loads(outgoing.body or b"") == {"model": 'odd"name\n'}


def test_a_body_that_travels_in_parts_is_left_alone() -> None:
    assert edits.begin(call(None), SETTINGS) == edits.Outgoing(None, None)


ASKED = {
    b'{"stream":true}': b'{"stream_options":{"include_usage":true},"stream":true}',
    b'{ "stream" : true }': b'{"stream_options":{"include_usage":true}, "stream" : true }',
    b'{"stream":true,"stream_options":null}': b'{"stream":true,"stream_options":{"include_usage":true}}',
    b'{"stream":true,"stream_options":{}}': b'{"stream":true,"stream_options":{"include_usage":true}}',
    b'{"stream_options" : { "x": 1 },"stream":true}': (
        b'{"stream_options" : {"include_usage":true, "x": 1 },"stream":true}'
    ),
    rb'{"stream":true,"stream\u005foptions":null}': (
        rb'{"stream":true,"stream\u005foptions":{"include_usage":true}}'
    ),
    b'{"stream":true,"stream_options":1,"stream_options":{"y":[{}]}}': (
        b'{"stream":true,"stream_options":1,"stream_options":{"include_usage":true,"y":[{}]}}'
    ),
}


@pytest.mark.parametrize(("body", "sent"), ASKED.items())
def test_a_stream_that_does_not_mention_usage_asks_for_it(body: bytes, sent: bytes) -> None:
    outgoing = with_usage(body)
    assert outgoing.body == sent
    assert outgoing.asks_usage
    assert list(outgoing.edits) == INJECTED


UNTOUCHED = [
    b'{"stream":true,"stream_options":{"include_usage":false}}',
    b'{"stream":true,"stream_options":{"include_usage":true}}',
    b'{"stream":true,"stream_options":{"include_usage":null}}',
    b'{"stream":true,"stream_options":[]}',
    b'{"stream":false}',
    b'{"stream":1}',
    b'{"stream":"true"}',
    b"{}",
]


@pytest.mark.parametrize("body", UNTOUCHED)
def test_not_a_byte_moves(body: bytes) -> None:
    outgoing = with_usage(body)
    assert outgoing.body is body
    assert not outgoing.asks_usage
    assert outgoing.edits == ()


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/messages", "/v1/unknown"])
def test_other_protocols_report_usage_anyway(path: str) -> None:
    assert not with_usage(b'{"stream":true}', path).asks_usage


SWITCHES = [(True, None, True), (False, None, False), (False, True, True), (True, False, False)]


@pytest.mark.parametrize(("general", "own", "is_asked"), SWITCHES)
def test_a_providers_own_switch_goes_before_the_general_one(
    general: bool, own: bool | None, is_asked: bool
) -> None:
    settings = replace(SETTINGS, inject_stream_usage=general)
    assert with_usage(b'{"stream":true}', settings=settings, inject_stream_usage=own).asks_usage is is_asked


def test_both_edits_are_made_and_listed() -> None:
    made = call(b'{"stream":true}')
    outgoing = edits.ask_for_usage(edits.begin(made, SETTINGS), made, PROVIDER, SETTINGS)
    assert json.loads(outgoing.body or b"") == {
        "stream_options": {"include_usage": True},
        "model": "gpt-default",
        "stream": True,
    }
    assert [edit["kind"] for edit in outgoing.edits] == ["default_model", "inject_stream_usage"]
    assert outgoing.model == "gpt-default"


def test_the_model_gets_the_providers_name_in_its_place() -> None:
    made = call(b'{"a": 1, "model" : "gpt-4o", "b": "gpt-4o"}')
    outgoing = edits.name_model(edits.begin(made, SETTINGS), made, 'up"stream')
    assert outgoing.body == b'{"a": 1, "model" : "up\\"stream", "b": "gpt-4o"}'
    assert outgoing.model == 'up"stream'
    assert outgoing.edits == ({"kind": "model_mapping", "from": "gpt-4o", "to": 'up"stream'},)
    assert outgoing.renaming == ('up"stream', "gpt-4o")


def test_only_the_suffix_that_is_set_is_taken_off() -> None:
    settings = replace(SETTINGS, provider_suffix="Proxy")
    for asked, sent in [
        ("Proxy/gpt-4", "gpt-4"),
        ("Proxy/Proxy/x", "Proxy/x"),
        ("Other/x", "Other/x"),
        ("Proxy/", "Proxy/"),
    ]:
        outgoing = with_model(b'{"model":"%b"}' % asked.encode(), settings=settings)
        assert (outgoing.model, outgoing.body) == (sent, b'{"model":"%b"}' % sent.encode())
        assert (outgoing.renaming is not None) == (asked != sent)
    assert with_model(b'{"model":"Proxy/gpt-4"}').model == "Proxy/gpt-4"


def test_the_answer_keeps_its_name_where_that_is_wanted_and_where_none_was_asked_for() -> None:
    quiet = replace(SETTINGS, rewrite_response_model=False, provider_suffix="Proxy")
    made = call(b'{"model":"Proxy/gpt-4"}')
    assert edits.name_model(edits.begin(made, quiet), made, "x").renaming is None
    made = call(b"{}")
    assert edits.name_model(edits.begin(made, SETTINGS), made, "x").renaming is None


def test_a_body_that_is_not_read_keeps_its_name() -> None:
    made = call(None)
    assert edits.name_model(edits.begin(made, SETTINGS), made, "x").model is None


def test_a_name_that_is_given_twice_is_given_once_then() -> None:
    made = call(b'{"model":"first", "a":1, "model":"last"}')
    outgoing = edits.name_model(edits.begin(made, SETTINGS), made, "up")
    assert json.loads(outgoing.body or b"") == {"model": "up", "a": 1}
    assert (outgoing.body or b"").count(b"model") == 1
