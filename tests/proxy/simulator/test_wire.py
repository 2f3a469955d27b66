import pytest

from proxy.simulator.wire import HEAD_LIMIT_BYTES, BadRequest, Request, RequestParser

SIZED = b"POST /v1/x?a=%2F HTTP/1.1\r\nHost: h\r\nX-Twice: a\r\nx-twice: b\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /v1/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;ext=1\r\nhello\r\n7\r\n, world\r\n0\r\nTrailer: t\r\n\r\n"
)
EMPTY = b"GET /v1/models HTTP/1.1\r\nHost: h\r\n\r\n"


def parse(stream: bytes, slice_bytes: int) -> list[Request]:
    parser, found = RequestParser(), []
    for start in range(0, len(stream), slice_bytes):
        parser.feed(stream[start : start + slice_bytes])
        while request := parser.next_request():
            found.append(request)
    return found


@pytest.mark.parametrize("slice_bytes", [1, 2, 3, 7, 50, 10_000])
def test_pipelined_requests_are_the_same_however_they_are_sliced(slice_bytes: int) -> None:
    found = parse(SIZED + CHUNKED + EMPTY + SIZED, slice_bytes)
    assert [request.head.method for request in found] == ["POST", "POST", "GET", "POST"]
    assert [request.body.content for request in found] == [b"hello", b"hello, world", b"", b"hello"]


def test_target_and_headers_stay_as_they_were_sent() -> None:
    (request,) = parse(SIZED, 10_000)
    assert request.head.target == "/v1/x?a=%2F"
    assert request.head.headers[1:3] == (("X-Twice", "a"), ("x-twice", "b"))
    assert request.head.fields["x-twice"] == "a, b"


@pytest.mark.parametrize(
    ("head", "keeps_alive"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_connections_are_kept_as_the_version_says(head: bytes, keeps_alive: bool) -> None:
    (request,) = parse(head, 1000)
    assert request.head.keeps_alive is keeps_alive


@pytest.mark.parametrize(
    ("stream", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * HEAD_LIMIT_BYTES + b"\r\n\r\n", 431),
    ],
)
def test_what_is_not_http_is_refused(stream: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(stream, 100_000)
    assert refused.value.status == status
