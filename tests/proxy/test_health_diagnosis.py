from __future__ import annotations

import pytest

from proxy import errors
from proxy.errors import MaybeSent, NotSent
from proxy.health import diagnosis
from proxy.health.breaker import Outcome

URL = "https://api.example.com/v1/models"


def test_an_answer_without_fault_is_no_diagnosis() -> None:
    assert diagnosis.of_status(200, b"{}", URL, None) is None


@pytest.mark.parametrize(
    "body", [b"<html>no</html>", b"[]", b'{"error": {"message": ""}}', b'{"error": {"message": 5}}', b"null"]
)
def test_what_says_nothing_is_not_quoted(body: bytes) -> None:
    found = diagnosis.of_status(500, body, URL, None)
    assert found is not None
    assert found.words == "It is failing (HTTP 500). This is on the provider's side."


@pytest.mark.parametrize(
    "body", [b'{"error": {"message": "x\\ny."}}', b'{"error": "x y"}', b'{"message": "x y"}']
)
def test_what_it_says_is_quoted_in_one_line(body: bytes) -> None:
    found = diagnosis.of_status(400, body, URL, None)
    assert found is not None
    assert found.words == "It refused the request (HTTP 400): x y."


def test_a_long_story_is_cut() -> None:
    found = diagnosis.of_status(400, b'{"message": "%s"}' % (b"x" * 5000), URL, None)
    assert found is not None and len(found.words) < 300


def test_a_path_that_is_not_there_is_no_unknown_model() -> None:
    found = diagnosis.of_status(404, b"nginx", URL, "gpt-4o")
    assert found is not None and found.fault == "not_found"


@pytest.mark.parametrize(
    ("error", "fault", "outcome"),
    [
        (NotSent("upstream_unreachable", "no route"), "unreachable", Outcome.TRANSPORT),
        (NotSent("upstream_timeout", "too long"), "timeout", Outcome.TIMEOUT),
        (MaybeSent("upstream_disconnected", "reset"), "broken_off", Outcome.TRANSPORT),
        (MaybeSent("upstream_invalid", "what"), "not_http", Outcome.TRANSPORT),
        (TimeoutError(), "timeout", Outcome.TIMEOUT),
        (errors.bad_headers("a line break"), "not_sent", Outcome.CALLER_FAULT),
    ],
)
def test_a_call_without_an_answer_is_named(error: Exception, fault: str, outcome: Outcome) -> None:
    found = diagnosis.of_error(error, URL, 3)
    assert (found.fault, found.outcome) == (fault, outcome)


def test_causes_that_go_in_a_circle_end() -> None:
    error = NotSent("upstream_unreachable", "round")
    error.__cause__ = ValueError("and round")
    error.__cause__.__cause__ = error
    assert diagnosis.of_error(error, URL, 3).fault == "unreachable"
