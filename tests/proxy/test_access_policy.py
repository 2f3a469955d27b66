from __future__ import annotations

import email
import gzip
import json
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
import zstandard
from django.core.exceptions import TooManyFieldsSent
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from proxy.access import policy
from proxy.configuration.configuration import NO_POLICY, Key, Policy, Provider
from proxy.errors import RelayError
from proxy.request.parsing import Call
from proxy.routing.catalogue import Candidate
from tests.proxy.calls import call, key, settings

Refusal = tuple[int, str] | None


def judge_head(asked: Call, given: Key, everybody: Policy = NO_POLICY) -> Refusal:
    try:
        policy.check_head(asked, given, settings(everybody))
    except RelayError as error:
        return error.status, error.code
    return None


def refusal(
    asked: Call, given: Key, *, model: str | None = None, everybody: Policy = NO_POLICY
) -> RelayError | None:
    """Of the body; `model` is what is sent, which is the call's own unless a default took its place."""
    try:
        policy.check_body(asked, given, settings(everybody), model or asked.model)
    except RelayError as error:
        return error
    return None


def judge(asked: Call, given: Key, **more: Any) -> Refusal:
    error = refusal(asked, given, **more)
    return error and (error.status, error.code)


def whitelisting(**rules: list[Any]) -> Key:
    return key(policy=policy.parse({"param_whitelist": {n.replace("__", "."): v for n, v in rules.items()}}))


MODEL = (403, "model_not_allowed")
PARAM = (400, "param_not_allowed")
UNREADABLE = (400, "unreadable_request")


# Parsing


def test_an_empty_policy_is_the_one_that_costs_nothing() -> None:
    assert policy.parse(None) is NO_POLICY
    assert policy.parse({}) is NO_POLICY
    assert policy.parse({"allowed_origins": [], "param_whitelist": None}) is NO_POLICY


def test_a_policy_is_brought_into_one_form() -> None:
    assert policy.parse(
        {
            "param_whitelist": {"n": [1, 0.5, True, "x"]},
            "required_headers": ["X-Team"],
            "allowed_endpoints": ["/v1/models/", "v1/files", "chat/completions"],
            "allowed_methods": ["get"],
        }
    ) == Policy(
        param_whitelist=(("n", ("1", "0.5", "true", "x")),),
        required_headers=("x-team",),
        allowed_endpoints=("models", "files", "chat/completions"),
        allowed_methods=("GET",),
    )


def test_a_policy_that_cannot_be_understood_lets_nothing_through() -> None:
    broken = policy.parse({"allowed_origin": ["https://a.example"]})
    assert broken.error
    assert judge_head(call(), key(policy=broken)) == (503, "policy_unusable")
    assert judge_head(call(), key(), broken) == (503, "policy_unusable")


# The head


@pytest.mark.parametrize(
    ("method", "allowed", "refused"),
    [
        ("POST", ["POST"], None),
        ("GET", ["POST"], (405, "method_not_allowed")),
        ("HEAD", ["GET"], None),
        ("HEAD", ["POST"], (405, "method_not_allowed")),
        ("DELETE", [], None),
    ],
)
def test_methods(method: str, allowed: list[str], refused: Refusal) -> None:
    given = key(policy=policy.parse({"allowed_methods": allowed}))
    assert judge_head(call(method, "/v1/files"), given) == refused


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_method_that_a_header_asks_for_is_judged_too(header: str) -> None:
    given = key(policy=policy.parse({"allowed_methods": ["POST"]}))
    assert judge_head(call(headers=((header, "delete"),)), given) == (405, "method_not_allowed")
    assert judge_head(call(headers=((header, "post"),)), given) is None


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL"])
def test_a_path_that_a_header_asks_for_is_refused(header: str) -> None:
    given = key(policy=policy.parse({"allowed_endpoints": ["models"]}))
    assert judge_head(call("GET", "/v1/models", headers=((header, "/v1/files"),)), given) == (
        400,
        "invalid_path",
    )


@pytest.mark.parametrize(
    ("path", "allowed", "is_allowed"),
    [
        ("/v1/chat/completions", "/v1/chat/completions", True),
        ("/v1/chat/completions", "chat/completions", True),
        ("/v1/chat/completions/", "chat/completions", True),
        ("/v1/chat/completions/c-1/messages", "/v1/chat/completions", True),
        ("/v1/models/gpt-4o", "models", True),
        ("/v1/modelsXYZ", "models", False),
        ("/v1/chat", "chat/completions", False),
        ("/v1/Chat/Completions", "chat/completions", False),
        ("/v1/x/chat/completions", "chat/completions", False),
        ("/v1/threads/t-1/runs/r-1", "threads/*/runs", True),
        ("/v1/threads/t-1/messages", "threads/*/runs", False),
        ("/v1/files", "/v1", True),
        ("/v1/chat%2Fcompletions", "chat/completions", True),
    ],
)
def test_endpoints_match_on_whole_segments(path: str, allowed: str, is_allowed: bool) -> None:
    given = key(policy=policy.parse({"allowed_endpoints": ["embeddings", allowed]}))
    assert judge_head(call(path=path), given) == (None if is_allowed else (404, "endpoint_not_found"))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models//chat",
        "/v1//chat/completions",
        "/v1/models/./x",
        "/v1/models/..;/chat",
        "/v1/models/..%5Cchat",
        "/v1/models/%252e%252e/chat",
        "/v1/models/%00",
        "/v1/models;x",
    ],
)
@pytest.mark.parametrize(
    "given", [key(policy=policy.parse({"allowed_endpoints": ["models"]})), key(models=("a",))]
)
def test_a_path_that_servers_read_differently_is_refused(path: str, given: Key) -> None:
    assert judge_head(call(path=path), given) == (400, "invalid_path")
    assert judge_head(call(path=path), key()) is None


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ((("X-Team", "a"), ("Origin", "https://a.example")), None),
        ((("X-Team", "a"),), (400, "origin_required")),
        ((("Origin", "https://a.example"),), (400, "header_required")),
        ((("X-Team", " "), ("Origin", "https://a.example")), (400, "header_required")),
    ],
)
def test_required_headers(headers: Any, refused: Refusal) -> None:
    given = key(policy=policy.parse({"required_headers": ["x-team", "origin"]}))
    assert judge_head(call(headers=headers), given) == refused


@pytest.mark.parametrize(
    ("origins", "refused"),
    [
        ([], None),
        (["https://a.example"], None),
        (["https://sub.b.example"], None),
        (["https://b.example"], (403, "origin_not_allowed")),
        (["http://a.example"], (403, "origin_not_allowed")),
        (["https://a.example:8443"], (403, "origin_not_allowed")),
        (["https://a.example.evil.example"], (403, "origin_not_allowed")),
        (["null"], (403, "origin_not_allowed")),
        (["https://a.example", "https://evil.example"], (403, "origin_not_allowed")),
        ([""], (403, "origin_not_allowed")),
    ],
)
def test_origins(origins: list[str], refused: Refusal) -> None:
    given = key(policy=policy.parse({"allowed_origins": ["https://a.example", "https://*.b.example"]}))
    assert judge_head(call(headers=tuple(("Origin", origin) for origin in origins)), given) == refused


def test_the_policy_of_all_and_the_one_of_the_project_must_both_allow() -> None:
    everybody = policy.parse(
        {"allowed_endpoints": ["chat", "models"], "allowed_origins": ["https://a.example"]}
    )
    given = key(policy=policy.parse({"allowed_endpoints": ["chat", "files"]}))
    assert judge_head(call(path="/v1/chat/completions"), given, everybody) is None
    assert judge_head(call(path="/v1/models"), given, everybody) == (404, "endpoint_not_found")
    assert judge_head(call(path="/v1/files"), given, everybody) == (404, "endpoint_not_found")
    without_project = Key("2", "credential", "x", "x")
    assert judge_head(call(path="/v1/models"), without_project, everybody) is None
    assert judge_head(call(path="/v1/files"), without_project, everybody) == (404, "endpoint_not_found")
    origin = (("origin", "https://b.example"),)
    assert judge_head(call(headers=origin), given, everybody) == (403, "origin_not_allowed")


def test_a_refusal_of_an_origin_or_endpoint_lists_no_others() -> None:
    given = key(
        policy=policy.parse({"allowed_origins": ["https://secret.example"], "allowed_endpoints": ["hidden"]})
    )
    with pytest.raises(RelayError) as caught:
        policy.check_head(call(), given, settings())
    assert "hidden" not in caught.value.message
    with pytest.raises(RelayError) as caught:
        policy.check_origin(call(headers=(("origin", "https://x.example"),)), given, settings())
    assert "secret" not in caught.value.message


# Models


@pytest.mark.parametrize(
    ("models", "project_models", "model", "refused"),
    [
        ((), (), "gpt-5", None),
        (("*",), ("*",), "gpt-5", None),
        (("gpt-4o",), (), "gpt-4o", None),
        (("gpt-4o",), (), "gpt-5", MODEL),
        (("gpt-4o",), (), "GPT-4o", MODEL),
        (("gpt-*",), ("*-mini",), "gpt-4o-mini", None),
        (("gpt-*",), ("*-mini",), "gpt-4o", MODEL),
        (("gpt-*",), ("*-mini",), "o4-mini", MODEL),
        ((), ("gpt-4o",), "gpt-5", MODEL),
        (("gpt-4o", "*"), (), "gpt-5", None),
    ],
)
def test_the_lists_of_key_and_project_must_both_allow_the_model(
    models: tuple[str, ...], project_models: tuple[str, ...], model: str, refused: Refusal
) -> None:
    given = key(models=models, project_models=project_models)
    assert judge(call(body={"model": model}), given) == refused
    assert policy.allows_model(model, given, settings()) is (refused is None)


def test_a_refused_model_is_named_and_the_allowed_ones_are_not() -> None:
    error = refusal(call(body={"model": "gpt-5"}), key(models=("gpt-4o",), project_models=("o3",)))
    assert error is not None and "'gpt-5'" in error.message
    assert "gpt-4o" not in error.message and "o3" not in error.message


@pytest.mark.parametrize("model", ["x" * 100_000, "\ud800", "a\nb"])
def test_a_strange_model_makes_a_short_answer_that_can_be_sent(model: str) -> None:
    error = refusal(call(body=json.dumps({"model": model}).encode()), key(models=("gpt-4o",)))
    assert error is not None and len(error.as_body("/v1/chat/completions", "id")) < 1000


ONLY = key(models=("allowed",))


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"body": {"model": "allowed", "tools": [{"type": "image_generation", "model": "evil"}]}}, MODEL),
        ({"body": {"model": "allowed", "models": ["allowed", "evil"]}}, MODEL),
        ({"body": {"model": "allowed", "fallbacks": [{"model": "evil"}]}}, MODEL),
        ({"body": {"model": "allowed", "query": "model"}}, None),
        (
            {
                "body": {
                    "model": "allowed",
                    "tools": [{"parameters": {"properties": {"model": {"type": "string"}}}}],
                }
            },
            None,
        ),
        ({"body": {"model": "allowed"}, "query": "model=evil"}, MODEL),
        ({"body": {"model": ["allowed"]}}, None),
        ({"body": {"model": {"id": "allowed"}}}, MODEL),
        ({"body": {"model": 5}}, MODEL),
        ({"body": {"messages": []}}, MODEL),
        ({"body": {"model": None}}, MODEL),
        ({"path": "/v1/realtime/client_secrets", "body": {"session": {"model": "evil"}}}, MODEL),
        ({"path": "/v1/messages/batches", "body": {"requests": [{"params": {"model": "evil"}}]}}, MODEL),
        ({"path": "/v1/messages/batches", "body": {"requests": [{"params": {"model": "allowed"}}]}}, None),
        ({"path": "/v1/batches", "body": {"input_file_id": "f", "model": "allowed"}}, UNREADABLE),
        ({"path": "/v1/Batches%2F", "body": {"model": "allowed"}}, UNREADABLE),
        ({"path": "/v1/openai/batches", "method": "PUT", "body": {"model": "allowed"}}, UNREADABLE),
        ({"path": "/v1/batches", "method": "GET"}, None),
        ({"path": "/v1/messages/batches", "method": "GET"}, None),
        ({"path": "/v1/batches/b-1/cancel"}, None),
        ({"path": "/v1/moderations", "body": {"input": "x"}}, MODEL),
        ({"path": "/v1/images/generations", "body": {"prompt": "x"}}, MODEL),
        ({"path": "/v1/rerank", "body": {"query": "x"}}, MODEL),
        ({"path": "/v1/threads/t/runs", "body": {"assistant_id": "a"}}, MODEL),
        ({"path": "/v1/threads", "body": {"messages": []}}, None),
        ({"path": "/v1/conversations", "body": {"items": []}}, None),
        ({"path": "/v1/chat/completions/c-1", "body": {"metadata": {}}}, None),
        ({"path": "/v1/models/allowed", "method": "GET"}, None),
        ({"path": "/v1/models/evil", "method": "GET"}, MODEL),
        ({"path": "/v1/models/evil", "method": "DELETE"}, MODEL),
        ({"path": "/v1/models/ev%69l", "method": "GET"}, MODEL),
        ({"path": "/v1/engines/evil/completions", "body": {"model": "allowed"}}, MODEL),
        ({"path": "/v1/Engines/evil/completions", "body": {"model": "allowed"}}, MODEL),
        ({"path": "/v1/Models/evil", "method": "GET"}, MODEL),
        ({"path": "/v1/openai/models/evil", "method": "GET"}, MODEL),
        ({"body": b'{"model": "allowed", "model\\u0000": "evil"}'}, MODEL),
        ({"path": "/v1/deployments/evil/chat/completions", "body": {"model": "allowed"}}, MODEL),
        ({"path": "/v1/models", "method": "GET"}, None),
        ({"path": "/v1/files", "method": "GET"}, None),
    ],
)
def test_a_model_is_found_wherever_a_call_can_name_it(given: dict[str, Any], refused: Refusal) -> None:
    assert judge(call(**given), ONLY) == refused


def test_a_default_model_is_judged_like_one_that_was_asked_for() -> None:
    assert judge(call(body={"messages": []}), ONLY, model="allowed") is None
    assert judge(call(body={"messages": []}), ONLY, model="evil") == MODEL
    assert judge(call(body={"model": None}), whitelisting(model=["allowed"]), model="evil") == PARAM


def test_a_key_without_lists_is_not_looked_at() -> None:
    assert not policy.reads_body(key(), settings())
    assert not policy.reads_body(key(models=("*",), project_models=("gpt-4o", "*")), settings())
    assert judge(call(body=b"\xff not json"), key()) is None


# Parameters


@pytest.mark.parametrize(
    ("rules", "body", "refused"),
    [
        ({"temperature": ["0*"]}, {"temperature": 0.7}, None),
        ({"temperature": ["0*"]}, {"temperature": 0}, None),
        ({"temperature": ["0*"]}, {"temperature": 1.0}, PARAM),
        ({"temperature": ["0*"]}, b'{"temperature": 0.5e1}', PARAM),
        ({"temperature": ["1"]}, {"temperature": 1.0}, None),
        ({"temperature": ["0*"]}, {}, None),
        ({"temperature": ["0*"]}, {"temperature": None}, None),
        ({"stream": [False]}, {"stream": True}, PARAM),
        ({"stream": [False]}, {"stream": False}, None),
        ({"model": ["gpt-4o", "gpt-4.1-*"]}, {"model": "gpt-4.1-mini"}, None),
        ({"model": ["gpt-4o"]}, {"model": "gpt-5"}, PARAM),
        ({"model": ["gpt-4o"]}, {"model": "gpt-4o", "tools": [{"model": "evil"}]}, PARAM),
        ({"model": ["gpt-4o"]}, {"messages": []}, MODEL),
        ({"response_format__type": ["text"]}, {"response_format": {"type": "json_object"}}, PARAM),
        ({"response_format__type": ["text"]}, {"response_format": {"type": "text"}}, None),
        ({"response_format__type": ["text"]}, {"response_format": None}, None),
        ({"tools": []}, {"tools": [{"type": "function"}]}, PARAM),
        ({"tools": []}, {"tools": []}, None),
        ({"tools": []}, {}, None),
        ({"tools": ["*"]}, {"tools": [{}]}, None),
        ({"stop": ["a", "b"]}, {"stop": ["a", "c"]}, PARAM),
        ({"stop": ["a", "b"]}, {"stop": ["a", "b"]}, None),
        ({"user": ["a"]}, {"user": {"id": "a"}}, PARAM),
    ],
)
def test_every_value_of_a_listed_parameter_must_match(rules: Any, body: Any, refused: Refusal) -> None:
    assert judge(call(body=body), whitelisting(**rules)) == refused


def test_a_refused_parameter_is_named_with_its_patterns() -> None:
    error = refusal(call(body={"temperature": 2}), whitelisting(temperature=["0*", "1"]))
    assert error is not None and error.param == "temperature"
    assert error.message == "Parameter 'temperature' value '2' is not allowed. Allowed patterns: 0*, 1."


def test_rules_hold_for_each_request_of_a_message_batch() -> None:
    body = {"requests": [{"params": {"max_tokens": 1}}, {"params": {"max_tokens": 9}}]}
    assert judge(call(path="/v1/messages/batches", body=body), whitelisting(max_tokens=[1])) == PARAM


def test_the_rules_of_all_hold_beside_those_of_the_project() -> None:
    everybody = policy.parse({"param_whitelist": {"n": [1]}})
    assert judge(call(body={"n": 2}), Key("2", "credential", "x", "x"), everybody=everybody) == PARAM
    assert (
        judge(call(body={"n": 1, "stream": True}), whitelisting(stream=[False]), everybody=everybody) == PARAM
    )


# The same request, said in every way there is


def form_of(members: list[tuple[str, str]]) -> bytes:
    parts = [f'--B\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in members]
    return ("".join(parts) + "--B--\r\n").encode()


def json_of(members: list[tuple[str, str]], escape: bool) -> bytes:
    def quoted(name: str) -> str:
        return '"' + "".join(f"\\u{ord(c):04x}" for c in name) + '"' if escape else json.dumps(name)

    return ("{" + ", ".join(f"{quoted(n)}: {json.dumps(v)}" for n, v in members) + "}").encode()


ENCODERS: dict[str, Any] = {
    "": lambda body: body,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@st.composite
def ways_to_ask(draw: Any, values: list[str]) -> Call:
    """One call that gives `model` all these values somehow, among other things."""
    names = draw(
        st.lists(st.sampled_from(["model", "Model", "MODEL"]), min_size=len(values), max_size=len(values))
    )
    others = draw(
        st.lists(st.tuples(st.sampled_from(["user", "x", "é"]), st.text('ab"\\', max_size=3)), max_size=3)
    )
    members = draw(st.permutations([*zip(names, values, strict=True), *others]))
    kind = draw(st.sampled_from(["json", "form", "multipart"]))
    path = draw(st.sampled_from(["/v1/chat/completions", "/v1/audio/transcriptions", "/v1/anything"]))
    if kind == "json":
        content_type = draw(
            st.sampled_from(
                ["application/json", "application/json; charset=utf-8", "", "text/plain", "a/b+json"]
            )
        )
        body = draw(st.sampled_from([b"", b"\xef\xbb\xbf", b" \n"])) + json_of(members, draw(st.booleans()))
    elif kind == "form":
        content_type, body = "application/x-www-form-urlencoded", urlencode(members).encode()
    else:
        members = [(name, value.replace("\r", "")) for name, value in members]
        content_type, body = "multipart/form-data; boundary=B", form_of(members)
    encoding = draw(st.sampled_from(list(ENCODERS)))
    headers = (("content-encoding", encoding),) if encoding else ()
    method = draw(st.sampled_from(["POST", "PUT", "PATCH"]))
    return call(method, path, ENCODERS[encoding](body), content_type=content_type, headers=headers)


RULES = [key(models=("good-*",)), key(project_models=("good-*",)), whitelisting(model=["good-*"])]


@given(
    st.data(), st.sampled_from(RULES), st.lists(st.sampled_from(["good-1", "good-2"]), min_size=1, max_size=3)
)
def test_an_allowed_model_passes_however_it_is_said(data: Any, given: Key, values: list[str]) -> None:
    assert judge(data.draw(ways_to_ask(values)), given) is None


@given(
    st.data(),
    st.sampled_from(RULES),
    st.lists(st.sampled_from(["good-1", "good-2"]), max_size=2),
    st.sampled_from(["evil", "Good-1", "xgood-1", "", " good-1", "good", "good\u2010\u0031"]),
    st.integers(0, 2),
)
def test_a_forbidden_model_is_refused_however_it_is_said(
    data: Any, given: Key, good: list[str], evil: str, place: int
) -> None:
    values = [*good]
    values.insert(min(place, len(values)), evil)
    assert judge(data.draw(ways_to_ask(values)), given) in (MODEL, PARAM)


@given(
    st.sampled_from(RULES), st.binary(max_size=200), st.sampled_from(["", "application/json", "text/plain"])
)
def test_bytes_that_are_no_request_never_pass(given: Key, body: bytes, content_type: str) -> None:
    asked = call(path="/v1/anything", body=b"\xff" + body, content_type=content_type)
    assert judge(asked, given) == UNREADABLE


def by_email(body: bytes, content_type: str) -> list[str]:
    """What the standard library takes for the fields named model."""
    message = email.message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = message.get_payload() if message.is_multipart() else []
    names = [(part.get_param("name", header="content-disposition"), part) for part in parts]
    found = [part.get_payload(decode=True) for name, part in names if str(name).strip().lower() == "model"]
    return [(value or b"").decode("latin-1") for value in found]


def by_django(body: bytes, content_type: str) -> list[str]:
    meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": len(body)}
    try:
        fields, files = MultiPartParser(meta, BytesIO(body), [MemoryFileUploadHandler()]).parse()
    except (MultiPartParserError, TooManyFieldsSent):
        return []
    found = [value for name, values in fields.lists() if name.strip().lower() == "model" for value in values]
    return found + [file.read().decode("latin-1") for file in files.getlist("model")]


SPLICES = [
    b"\r\n",
    b"\n",
    b"--B",
    b'name="model"',
    b"evil",
    b"good-1",
    b'"',
    b";",
    b" ",
    b"\\",
    b"B",
    b"--",
    b":",
]


@settings_of_hypothesis(max_examples=400)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 4), st.sampled_from(SPLICES)), max_size=4),
    st.sampled_from([["good-1"], ["good-1", "evil"], ["evil"]]),
)
def test_no_parser_finds_a_forbidden_model_in_a_form_that_passes(
    splices: list[tuple[int, int, bytes]], values: list[str]
) -> None:
    content_type = "multipart/form-data; boundary=B"
    body = form_of([("user", "x"), *(("model", value) for value in values), ("file", "good-1")])
    for place, length, piece in splices:
        at = place % (len(body) + 1)
        body = body[:at] + piece + body[at + length :]
    asked = call(path="/v1/audio/transcriptions", body=body, content_type=content_type)
    if judge(asked, key(models=("good-*",))) is None:
        found = by_email(body, content_type) + by_django(body, content_type)
        assert all(value.startswith("good-") for value in found)


JSON_SPLICES = ['"', ",", "{", "}", "\\", "model", "evil", ":"]


@settings_of_hypothesis(max_examples=400)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from(JSON_SPLICES)), max_size=4),
    st.booleans(),
)
def test_no_parser_finds_a_forbidden_model_in_json_that_passes(
    splices: list[tuple[int, int, str]], escape: bool
) -> None:
    body = json_of([("user", "x"), ("model", "good-1"), ("x", '"model": "evil"')], escape).decode()
    for place, length, piece in splices:
        at = place % (len(body) + 1)
        body = body[:at] + piece + body[at + length :]
    asked = call(path="/v1/chat/completions", body=body.encode())
    if judge(asked, key(models=("good-*",))) is None:
        pairs = json.loads(body, object_pairs_hook=list)
        assert all(str(value).startswith("good-") for name, value in pairs if name.lower() == "model")


# The prefix that is none, regular expressions, and what a provider takes


SUFFIXED = replace(settings(), provider_suffix="Proxy")


@pytest.mark.parametrize("allowed", ["gpt-4", "Proxy/gpt-4"])
@pytest.mark.parametrize("asked", ["gpt-4", "Proxy/gpt-4"])
@pytest.mark.parametrize("body", [{"model": "%s"}, {"messages": [], "models": ["%s"], "model": "%s"}])
def test_a_name_is_allowed_with_its_suffix_and_without(allowed: str, asked: str, body: Any) -> None:
    sent = call(body=json.dumps(body).replace("%s", asked).encode())
    policy.check_body(sent, key(models=(allowed,)), SUFFIXED, "gpt-4")
    for other in ("Other/gpt-4", "Proxy/gpt-5"):
        with pytest.raises(RelayError):
            wrong = call(body=json.dumps(body).replace("%s", other).encode())
            policy.check_body(wrong, key(models=(allowed,)), SUFFIXED, other.removeprefix("Proxy/"))
    assert policy.allows_model("gpt-4", key(models=(allowed,)), SUFFIXED)


def test_allowed_models_may_be_regular_expressions() -> None:
    given = key(models=("gpt-(4o|5)(-mini)?", "(bad("))
    assert judge(call(body={"model": "gpt-5-mini"}), given) is None
    assert judge(call(body={"model": "gpt-5-nano"}), given) == MODEL
    assert judge(call(body=b'{"model": "x\\ud800"}'), given) == MODEL


def candidates(*policies: Any) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(Provider(at, f"p{at}", "openai", "https://x.test", "sk", policy=policy.parse(each)), "m")
        for at, each in enumerate(policies)
    )


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({"allowed_methods": ["GET"]}, "method_not_allowed"),
        ({"allowed_endpoints": ["embeddings"]}, "endpoint_not_found"),
        ({"required_headers": ["x-team"]}, "header_required"),
        ({"allowed_origins": ["https://mine.example"]}, "origin_not_allowed"),
        ({"param_whitelist": {"temperature": ["0*"]}}, "param_not_allowed"),
        ({"param_whitelist": {"model": ["gpt-4"]}}, "param_not_allowed"),
        ({"nonsense": 1}, "policy_unusable"),
    ],
)
def test_a_provider_whose_policy_forbids_a_call_is_not_asked(given_: Any, code: str) -> None:
    sent = call(body={"model": "o3", "temperature": 1}, headers=(("Origin", "https://x.example"),))
    both = candidates(given_, {})
    kept, refusal = policy.permitted(sent, both, settings())
    assert kept == both[1:]
    assert refusal is not None
    assert refusal.code == code


def test_what_a_providers_policy_allows_passes() -> None:
    sent = call(body={"model": "Proxy/gpt-4"})
    allowed = candidates({"param_whitelist": {"model": ["gpt-4"]}, "allowed_endpoints": ["chat"]})
    assert policy.permitted(sent, allowed, SUFFIXED) == (allowed, None)
    kept, _ = policy.permitted(call(path="/v1/chat/./completions"), allowed, SUFFIXED)
    assert not kept
