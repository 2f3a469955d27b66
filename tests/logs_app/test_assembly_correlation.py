from __future__ import annotations

import pytest

from logs_app.assembly import correlation

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("headers", "request_", "user"),
    [
        ({"x-relay-user": "h"}, {"user": "b"}, "h"),
        ({}, {"user": "b"}, "b"),
        ({}, {"safety_identifier": "s"}, "s"),
        ({}, {"metadata": {"user_id": "m"}}, "m"),
        ({}, {"user": 7, "metadata": ["no object"]}, ""),
        ({}, [1], ""),
        ({}, None, ""),
    ],
)
def test_the_end_user_is_named_by_header_or_body(headers, request_, user):
    assert correlation.end_user(headers, request_) == user


def test_tags_are_listed_once_without_blanks():
    assert correlation.tags({"x-relay-tags": "a, b ,,a,"}) == ["a", "b"]


def test_tags_are_bounded():
    tags = correlation.tags({"x-relay-tags": ",".join(f"{n}{'x' * 500}" for n in range(100))})
    assert len(tags) == correlation.MOST_TAGS
    assert max(map(len, tags)) == correlation.LONGEST


@pytest.mark.parametrize(
    ("traceparent", "trace"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", ""),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_the_trace_id_is_read_from_traceparent(traceparent, trace):
    assert correlation.trace_id({"traceparent": traceparent}) == trace


def test_the_fingerprint_is_of_system_prompt_and_tools_only():
    def prompt(system: str, question: str, **more: object) -> dict:
        turns = [{"role": "system", "content": system}, {"role": "user", "content": question}]
        return {"messages": turns, **more}

    one = correlation.fingerprint(prompt("Be kind.", "A?"))
    assert len(one) == 16
    assert one == correlation.fingerprint(prompt("Be kind.", "B?", temperature=1))
    assert one != correlation.fingerprint(prompt("Be brief.", "A?"))
    assert one != correlation.fingerprint(prompt("Be kind.", "A?", tools=[{"type": "function"}]))


@pytest.mark.parametrize(
    "request_", [None, [], {}, {"messages": [{"role": "user", "content": "A?"}]}, {"input": "x"}]
)
def test_without_system_prompt_and_tools_there_is_no_fingerprint(request_):
    assert correlation.fingerprint(request_) == ""


@pytest.mark.parametrize(
    "request_", [{"instructions": "I"}, {"system": "I"}, {"input": [{"role": "developer", "content": "I"}]}]
)
def test_every_protocol_has_its_place_for_the_system_prompt(request_):
    assert correlation.fingerprint(request_)


def test_a_prompt_that_no_encoder_takes_has_no_fingerprint():
    nested: list = []
    for _ in range(400):
        nested = [nested]
    assert correlation.fingerprint({"tools": nested}) == correlation.fingerprint({"tools": ["\ud800"]}) == ""


@pytest.mark.parametrize(
    ("headers", "request_", "session"),
    [
        ({"x-relay-session": "r", "helicone-session-id": "h"}, {}, "r"),
        ({"helicone-session-id": "h"}, {}, "h"),
        ({"x-litellm-session-id": "l"}, {"prompt_cache_key": "k"}, "l"),
        ({"x-portkey-metadata": '{"session_id": "p"}'}, {}, "p"),
        ({"x-claude-code-session-id": "c"}, None, "c"),
        ({}, {"litellm_session_id": "l"}, "l"),
        ({}, {"session_id": "o", "metadata": {"session_id": "m"}}, "o"),
        ({}, {"metadata": {"session_id": "m"}}, "m"),
        ({}, {"conversation": "conv_1"}, "conv_1"),
        ({}, {"conversation": {"id": "conv_2"}, "prompt_cache_key": "k"}, "conv_2"),
        ({}, {"prompt_cache_key": "k"}, "k"),
        ({}, {"session_id": 7, "conversation": ["x"], "metadata": None}, ""),
        ({}, ["no object"], ""),
    ],
)
def test_a_session_is_named_as_this_or_another_gateway_names_it(headers, request_, session):
    assert correlation.session(headers, request_) == session


@pytest.mark.parametrize(
    ("headers", "request_", "user"),
    [
        ({"helicone-user-id": "h"}, {"user": "b"}, "h"),
        ({"x-litellm-end-user-id": "l"}, {}, "l"),
        ({"x-portkey-metadata": '{"_user": "p"}'}, {"user": "b"}, "p"),
        ({"x-portkey-metadata": "no json"}, {"user": "b"}, "b"),
        ({"x-portkey-metadata": "[1]"}, {}, ""),
        ({}, {"metadata": {"trace_user_id": "t"}}, "t"),
        ({}, {"litellm_metadata": {"user_id": "l"}, "metadata": {"x": "y"}}, "l"),
        ({}, {"litellm_metadata": {"user_id": "l"}, "metadata": {"user_id": "m"}}, "m"),
        ({}, {"litellm_metadata": ["odd"]}, ""),
    ],
)
def test_an_end_user_is_named_as_another_gateway_names_him(headers, request_, user):
    assert correlation.end_user(headers, request_) == user


def test_what_has_a_name_becomes_a_tag_with_it():
    headers = {
        "x-litellm-tags": "a,b",
        "helicone-property-env": "prod",
        "x-portkey-metadata": '{"_user": "u", "team": "x", "deep": {"n": 1}, "beta": true}',
    }
    request = {"metadata": {"tags": ["t", 7], "feature": "search", "user_id": "u", "session_id": "s"}}
    found = correlation.tags(headers, request)
    assert found == ["a", "b", "env=prod", "team=x", "beta=true", "t", "feature=search"]


def test_a_trace_of_another_gateway_counts_where_there_is_no_w3c_one():
    assert correlation.trace_id({"x-portkey-trace-id": "t-1"}) == "t-1"
    assert (
        correlation.trace_id({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "x-portkey-trace-id": "t"})
        == TRACE
    )


def test_the_clients_own_id_of_a_call_has_several_names():
    assert correlation.client_request_id({"x-client-request-id": "c", "helicone-request-id": "h"}) == "c"
    assert correlation.client_request_id({}) == ""


def test_versions_of_a_stored_prompt_are_told_apart():
    prints = {
        correlation.fingerprint(
            {"prompt": {"id": "pmpt_1", "version": version, "variables": {"x": variable}}}
        )
        for version in ("1", "2")
        for variable in ("a", "b")
    }
    assert len(prints) == 2 and "" not in prints
    assert correlation.fingerprint({"prompt": "Once upon"}) == ""
