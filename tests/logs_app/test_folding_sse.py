import time

import pytest

from logs_app.folding.sse import Decoder, events


def decode(*parts: bytes) -> list[tuple[str, bytes]]:
    decoder = Decoder()
    return [event for part in parts for event in decoder.feed(part)]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_end_with_lf_cr_or_crlf(end):
    lines = [b"event: greeting", b"data: one", b"data: two", b"", b"data: three", b"", b""]
    assert decode(end.join(lines)) == [("greeting", b"one\ntwo"), ("", b"three")]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_cut_gives_the_same_events(end):
    stream = end.join(
        [b"\xef\xbb\xbfevent: a", b"data: h\xc3\xa9", b": x", b"", b"data:", b"data:y", b"", b""]
    )
    whole = decode(stream)
    assert whole == [("a", "hé".encode()), ("", b"\ny")]
    for cut in range(len(stream) + 1):
        assert decode(stream[:cut], stream[cut:]) == whole
    assert decode(*(stream[i : i + 1] for i in range(len(stream)))) == whole


def test_crlf_cut_in_two_is_one_terminator():
    assert decode(b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n") == [("", b"a\nb")]


def test_an_empty_part_between_cr_and_lf_changes_nothing():
    assert decode(b"data: a\r", b"", b"\ndata: b\r\n\r\n") == [("", b"a\nb")]


def test_comments_and_unknown_fields_are_ignored():
    assert decode(b": OPENROUTER PROCESSING\n\n:\nid: 7\nretry: 5\nfoo: bar\ndatabase: no\ndata: x\n\n") == [
        ("", b"x")
    ]


def test_only_one_leading_space_of_a_value_is_dropped():
    assert decode(b"data:  two\n\ndata:none\n\n") == [("", b" two"), ("", b"none")]


def test_one_leading_byte_order_mark_is_dropped():
    assert decode(b"\xef\xbb", b"\xbfdata: x\n\n") == [("", b"x")]
    assert decode(b"data: y\n\n\xef\xbb\xbfdata: x\n\n") == [("", b"y")]


def test_an_event_without_data_is_no_event_and_its_name_does_not_stick():
    assert decode(b"event: lonely\n\ndata: x\n\n") == [("", b"x")]
    assert decode(b"event: lonely\ndata:\n\n") == []


def test_the_last_event_without_blank_line_is_flushed():
    decoder = Decoder()
    assert decoder.feed(b"event: e\ndata: [DO") == []
    assert decoder.feed(b"NE]") == []
    assert decoder.flush() == ("e", b"[DONE]")
    assert decoder.flush() is None


def test_a_five_megabyte_event_costs_as_much_as_its_bytes():
    event = b"data: " + b"x" * 5_000_000 + b"\n\n"
    started = time.perf_counter()
    events = decode(*(event[i : i + 1024] for i in range(0, len(event), 1024)))
    assert len(events) == 1 and len(events[0][1]) == 5_000_000
    assert time.perf_counter() - started < 1


def test_a_hundred_thousand_events_take_well_under_a_second_each_way():
    stream = b'data: {"a":1}\n\n' * 100_000
    started = time.perf_counter()
    assert len(decode(stream)) == 100_000
    assert len(decode(*(stream[i : i + 100] for i in range(0, len(stream), 100)))) == 100_000
    assert time.perf_counter() - started < 3


def test_the_last_event_of_a_whole_stream_may_lack_its_blank_line():
    assert events(b"data: a\n\ndata: b") == [("", b"a"), ("", b"b")]
    assert events(b"data: a\r\r") == [("", b"a")]
    assert events(b": nothing") == []
