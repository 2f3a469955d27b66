from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from proxy import errors
from proxy.errors import RelayError

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "errors.md"
SAMPLES = {"str": "Text.", "int": 7, "float": 1.5, "int | None": 7, "str | None": "Text."}
ERROR = RelayError(429, "some_code", "Some words.", param="model")


def constructors() -> dict[str, RelayError]:
    """One error of each kind, by the name of the function that makes it."""
    made = {}
    for name, function in inspect.getmembers(errors, inspect.isfunction):
        signature = inspect.signature(function)
        if signature.return_annotation == "RelayError" and function.__module__ == errors.__name__:
            given = [SAMPLES[p.annotation] for p in signature.parameters.values() if p.default is p.empty]
            made[name] = function(*given)
    return made


def upstream_faults() -> dict[str, RelayError]:
    return {
        reason: errors.MaybeSent(reason, "detail").as_answer("default") for reason in errors._UPSTREAM_FAULTS
    }


ALL = constructors() | upstream_faults()


def documented() -> dict[str, tuple[str, str, str]]:
    rows = re.findall(
        r"^\| `(\w+)` \| (\d+) \| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {code: (status, meaning, advice) for code, status, meaning, advice in rows}


def test_there_are_errors_to_test() -> None:
    assert len(ALL) > 20


@pytest.mark.parametrize("error", ALL.values(), ids=ALL)
def test_every_error_is_documented_with_its_status(error: RelayError) -> None:
    status, meaning, advice = documented()[error.code]
    assert status == str(error.status)
    assert len(meaning) > 10
    assert advice


def test_every_refusal_of_the_server_is_documented_with_its_status() -> None:
    modules = ("channel.py", "request.py", "answer.py")
    sources = "".join((ROOT / "relay" / "http" / name).read_text() for name in modules)
    found = re.findall(r'\b(\d{3}), "([a-z_]+)"', sources)
    assert len(found) > 5
    assert {(code, status) for status, code in found} <= {
        (code, status) for code, (status, _, _) in documented().items()
    }


def test_nothing_is_documented_that_does_not_exist() -> None:
    modules = [*(ROOT / "proxy").rglob("*.py"), *(ROOT / "relay").rglob("*.py")]
    sources = "".join(path.read_text() for path in modules)
    assert {code for code in documented() if f'"{code}"' not in sources} == set()


@pytest.mark.parametrize("error", ALL.values(), ids=ALL)
def test_every_message_is_a_sentence_for_a_person(error: RelayError) -> None:
    assert error.message[0].isupper()
    assert error.message.endswith(".")
    assert "{" not in error.message


def test_the_body_is_openais_error_object() -> None:
    body = json.loads(ERROR.as_body("/v1/chat/completions", "id-1"))
    expected = {"message": "Some words.", "type": "rate_limit_error", "param": "model", "code": "some_code"}
    assert body == {"error": expected}


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_the_body_is_anthropics_where_that_is_spoken(path: str) -> None:
    body = json.loads(ERROR.as_body(path, "id-1"))
    assert body == {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": "Some words."},
        "request_id": "id-1",
    }


TYPES = {
    400: ("invalid_request_error", "invalid_request_error"),
    401: ("invalid_request_error", "authentication_error"),
    403: ("permission_error", "permission_error"),
    404: ("invalid_request_error", "not_found_error"),
    405: ("invalid_request_error", "invalid_request_error"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("rate_limit_error", "rate_limit_error"),
    500: ("server_error", "api_error"),
    502: ("server_error", "api_error"),
    503: ("server_error", "overloaded_error"),
    504: ("server_error", "api_error"),
}


@pytest.mark.parametrize("status", TYPES)
def test_the_type_follows_the_status(status: int) -> None:
    error = RelayError(status, "c", "m")
    openai = json.loads(error.as_body("/v1/models", ""))["error"]["type"]
    anthropic = json.loads(error.as_body("/v1/messages", ""))["error"]["type"]
    assert (openai, anthropic) == TYPES[status]


def event_data(path: str, sequence_number: int = 0) -> tuple[bytes, dict[str, object]]:
    event = ERROR.as_event(path, sequence_number)
    assert event.endswith(b"\n\n")
    assert event.count(b"\n\n") == 1
    return event, json.loads(event.partition(b"data: ")[2])


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/images/generations"])
def test_the_event_of_chat_and_completions_is_an_error_object(path: str) -> None:
    event, data = event_data(path)
    assert event.startswith(b"data: ")
    assert data == {"error": ERROR.as_object()}


def test_the_event_of_responses_is_numbered_flat_and_has_the_key_that_makes_sdks_raise() -> None:
    event, data = event_data("/v1/responses", 12)
    assert event.startswith(b"event: error\n")
    assert data.pop("error") == ERROR.as_object()
    assert data == {
        "type": "error",
        "code": "some_code",
        "message": "Some words.",
        "param": "model",
        "sequence_number": 12,
    }


def test_the_event_of_messages_is_anthropics() -> None:
    event, data = event_data("/v1/messages")
    assert event.startswith(b"event: error\n")
    assert data == {"type": "error", "error": {"type": "rate_limit_error", "message": "Some words."}}


def test_a_fault_of_the_provider_names_it_and_the_detail() -> None:
    error = errors.NotSent("upstream_unreachable", "Connection refused").as_answer("groq")
    assert (error.status, error.code) == (502, "upstream_unreachable")
    assert "'groq'" in error.message
    assert "Connection refused" in error.message


def test_what_cannot_succeed_asks_sdks_not_to_repeat_it() -> None:
    hopeless = {"no_provider", "provider_key_missing", "project_inactive", "upstream_auth_error"}
    assert {e.code for e in ALL.values() if (b"x-should-retry", b"false") in e.headers} == hopeless


def test_what_passes_by_itself_says_when_to_come_back() -> None:
    assert {e.code for e in ALL.values() if (b"retry-after", b"1") in e.headers} == {
        "keys_unavailable",
        "relay_overloaded",
    }


def test_405_tells_the_allowed_methods() -> None:
    assert errors.method_not_allowed("TRACE", "GET, POST").headers == ((b"allow", b"GET, POST"),)
