import orjson

from proxy.simulator.bodies import Body
from proxy.simulator.calls import Call
from proxy.simulator.replies import Answer
from proxy.simulator.shelves import Shelves
from proxy.simulator.stats import Stats
from proxy.simulator.wire import Request, parse_head


def test_requests_are_counted_by_status_and_path() -> None:
    stats = Stats()
    for target in ("/v1/models", "/v1/files/a/content", "/v1/files/b", "/v1/audio/speech", "/v1/odd", "/"):
        call = Call(Request(parse_head(f"GET {target} HTTP/1.1".encode()), Body()), Shelves())
        stats.count(call, Answer(status=404))
    shown = orjson.loads(stats.show().body)
    assert (shown["requests"], shown["statuses"]) == (6, {"404": 6})
    assert shown["paths"] == {"files": 2, "other": 2, "models": 1, "audio/speech": 1}
