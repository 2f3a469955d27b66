from __future__ import annotations

import pytest

from accounts.api.parsing import MOST_BYTES

URL = "/manage/projects"


def send(api, body: bytes, content_type: str = "application/json"):
    headers = {"authorization": f"Bearer {api.bearer}"}
    return api.client.generic("POST", URL, body, content_type=content_type, headers=headers)


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json; a=b"]
)
def test_json_is_taken_under_every_name(api, content_type):
    assert send(api, b'{"name": "shop"}', content_type).status_code == 201


@pytest.mark.parametrize(
    "body",
    [b"{", b"name=shop", b"[]", b'"x"', b"1", b"null", b"\xff", b'{"name": NaN}', b"[" * 5000,
     b'{"name": "\\ud800"}', b'{"name": "a\\u0000b"}', b'{"policy": {"\\u0000": 1}, "name": "x"}'],
)  # fmt: skip
def test_what_is_no_object_in_json_is_refused(api, body):
    response = send(api, body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "parse_error")


def test_nothing_at_all_is_an_empty_object(api):
    assert send(api, b"").json()["error"]["param"] == "name"


def test_too_much_is_refused(api):
    response = send(api, b" " * (MOST_BYTES + 1))
    assert (response.status_code, response.json()["error"]["code"]) == (413, "request_too_large")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense"])
def test_answers_are_json_whatever_is_asked_for(api, accept):
    response = api.get(URL, accept=accept)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
