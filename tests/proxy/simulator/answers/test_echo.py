import hashlib

import orjson
import pytest

from proxy.simulator import Simulator
from tests.proxy.simulator.rawhttp import http_request, send


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_unknown_path_tells_the_request_back(sim: Simulator, method: str) -> None:
    body = b"\x00\xff{odd}"
    target = "/v1/fine_tuning/jobs/a%2Fb?x=1&x=2"
    seen = await send(sim, http_request(body, target=target, headers="X-B: 2\r\nX-A: 1\r\n", method=method))
    told = orjson.loads(seen.body)
    assert (told["method"], told["target"]) == (method, target)
    assert [name for name, _ in told["headers"]] == ["host", "authorization", "X-B", "X-A", "content-length"]
    assert told["body"]["sha256"] == hashlib.sha256(body).hexdigest()
