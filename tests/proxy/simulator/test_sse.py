from proxy.simulator import sse
from proxy.simulator.replies import Event
from proxy.simulator.script import Script


def test_event_is_framed() -> None:
    assert sse.write(Event(b"{}")) == b"data: {}\n\n"
    assert sse.write(Event(b"{}", name=b"ping")) == b"event: ping\ndata: {}\n\n"


def test_odd_framing_holds_the_same_event() -> None:
    assert (
        sse.write_oddly(Event(b"{}"), Script(comments=True, crlf=True))
        == b": keep-alive\r\n\r\ndata: {}\r\n\r\n"
    )
