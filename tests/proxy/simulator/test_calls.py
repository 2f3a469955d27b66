import pytest

from proxy.simulator.bodies import Body
from proxy.simulator.calls import Call, split_target
from proxy.simulator.shelves import Shelves
from proxy.simulator.wire import Request, parse_head


@pytest.mark.parametrize(
    ("target", "segments"),
    [
        ("/v1/chat/completions?a=1", ("chat", "completions")),
        ("/chat/completions", ("chat", "completions")),
        ("/api/paas/v4/chat/completions", ("chat", "completions")),
        ("/v1/models/a%2Fb/c", ("models", "a/b", "c")),
        ("/", ()),
    ],
)
def test_api_begins_behind_the_base(target: str, segments: tuple[str, ...]) -> None:
    assert split_target(target)[1] == segments


def test_ids_differ_from_call_to_call_and_from_seed_to_seed() -> None:
    request = Request(parse_head(b"GET /v1/models HTTP/1.1"), Body())
    ids = {Call(request, Shelves(seed)).make_id("file-") for seed in (1, 1, 2)}
    assert len(ids) == 3


def test_script_is_looked_for_in_body_and_query() -> None:
    body = Body()
    body.append(b"body")
    request = Request(parse_head(b"POST /v1/x?%5B%5Bsim+status%3D500%5D%5D HTTP/1.1"), body)
    assert Call(request, Shelves()).words == b"body\n[[sim status=500]]"
