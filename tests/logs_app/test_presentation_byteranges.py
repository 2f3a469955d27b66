from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from logs_app.presentation import byteranges

CONTENT = b"0123456789"


def asked(value: str | None, method: str = "GET", **headers: str) -> HttpResponse:
    given = headers if value is None else {"Range": value, **headers}
    request = RequestFactory().generic(method, "/", headers=given)
    return byteranges.narrowed(request, HttpResponse(CONTENT, content_type="audio/mpeg"))


@pytest.mark.parametrize(
    ("value", "part", "said"),
    [
        ("bytes=0-", CONTENT, "bytes 0-9/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("Bytes=9-", b"9", "bytes 9-9/10"),
        ("bytes=8-4000", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-4000", CONTENT, "bytes 0-9/10"),
    ],
)
def test_a_part_is_sent_as_a_part(value: str, part: bytes, said: str) -> None:
    answer = asked(value)
    assert (answer.status_code, answer.content, answer["Content-Range"]) == (206, part, said)
    assert answer["Content-Type"] == "audio/mpeg"


@pytest.mark.parametrize("value", ["bytes=10-", "bytes=4000-5000", "bytes=-0"])
def test_what_is_not_there_is_refused_with_the_size(value: str) -> None:
    answer = asked(value)
    assert (answer.status_code, answer.content, answer["Content-Range"]) == (416, b"", "bytes */10")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "bytes=4-2",
        "bytes=-",
        "bytes=a-b",
        "bytes=0-1,4-5",
        "lines=0-1",
        f"bytes={'9' * 4000}-",
        "bytes=１-2",
    ],
)
def test_anything_else_gets_the_whole(value: str | None) -> None:
    answer = asked(value)
    assert (answer.status_code, answer.content, answer["Accept-Ranges"]) == (200, CONTENT, "bytes")
    assert "Content-Range" not in answer


def test_a_validator_or_another_method_gets_the_whole() -> None:
    assert asked("bytes=2-4", **{"If-Range": '"a"'}).status_code == 200
    assert asked("bytes=2-4", method="HEAD").status_code == 200
