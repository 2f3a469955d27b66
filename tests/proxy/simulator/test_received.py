from proxy.simulator import received
from proxy.simulator.bodies import Body
from proxy.simulator.wire import parse_head


def test_headers_are_found_by_any_spelling() -> None:
    entry = received.of_head(parse_head(b"GET /x HTTP/1.1\r\nX-A: 1\r\nx-a: 2"))
    assert entry.header("x-A") == "1, 2" and entry.header("x-b") is None
    assert not entry.aborted and not entry.is_complete


def test_body_beyond_the_limit_is_a_digest() -> None:
    for size, kept in ((received.RECORDED_BODY_BYTES, True), (received.RECORDED_BODY_BYTES + 1, False)):
        body = Body()
        body.append(b" " * size)
        entry = received.of_head(parse_head(b"POST /x HTTP/1.1"))
        entry.complete(body)
        assert entry.is_complete and entry.body_size == size and bool(entry.body) is kept
        assert len(entry.body_sha256) == 64
