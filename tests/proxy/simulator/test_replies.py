import orjson

from proxy.simulator.replies import Answer, listing, render_head


def test_head_ends_with_a_blank_line_and_holds_every_header() -> None:
    answer = Answer(b"{}", 429, headers=[("retry-after", "2")])
    head = render_head(answer, 1, 0xABC, 0.0, b"content-length: 2\r\n", is_messages=False)
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 429 Too Many Requests" and lines[-2:] == ["", ""]
    assert {"date: Thu, 01 Jan 1970 00:00:00 GMT", "content-length: 2", "retry-after: 2"} <= set(lines)
    assert f"x-request-id: req_{0xABC:032x}" in lines


def test_unknown_status_has_a_reason_too() -> None:
    head = render_head(Answer(status=529), 1, 1, 0.0, b"", is_messages=True)
    assert head.startswith(b"HTTP/1.1 529 Unknown\r\n") and b"\r\nrequest-id: req_" in head


def test_a_listing_is_asked_for_page_by_page() -> None:
    values = [{"id": name} for name in "abc"]

    def page(**asked: str) -> tuple[str, bool]:
        shown = orjson.loads(listing(values, asked).body)
        return "".join(each["id"] for each in shown["data"]), shown["has_more"]

    assert page() == ("abc", False)
    assert page(limit="2") == ("ab", True)
    assert page(limit="2", after="b") == ("c", False)
    assert page(after="c") == ("", False)
