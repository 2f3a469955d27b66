from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.configuration.configuration import Route
from proxy.models.validation import RESERVED_PATHS, validate_path_prefix
from proxy.request import parsing
from proxy.request.edits import Outgoing
from proxy.routing import routes
from proxy.simulator import Simulator
from relay.urls import urlpatterns
from tests.proxy.lanes import Lane

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
PAGE = b"https://app.example"

parts = st.text("ab1-", min_size=1, max_size=3)
paths = st.lists(parts, min_size=1, max_size=4).map(lambda found: "/" + "/".join(found))


def route(prefix: str = "/assistants", **given: Any) -> Route:
    return replace(Route(prefix.strip("/").replace("/", "-"), prefix), **given)


def sorted_routes(*prefixes: str) -> list[Route]:
    return sorted(map(route, prefixes), key=lambda one: -len(one.path_prefix))


def set_routes(lane: Lane, *given: Route) -> None:
    lane.configuration.current = replace(lane.configuration.current, routes=given)


@given(st.lists(paths, unique=True, max_size=8), paths)
def test_the_longest_prefix_of_whole_parts_is_taken(prefixes: list[str], path: str) -> None:
    found = routes.find(sorted_routes(*prefixes), path)
    whole = path.split("/")
    fitting = [p for p in prefixes if whole[: len(p.split("/"))] == p.split("/")]
    assert (found and found.path_prefix) == max(fitting, key=len, default=None)


@given(paths, paths, st.sampled_from(["", "/v1"]))
def test_the_path_goes_on_without_the_prefix_of_its_route(prefix: str, rest: str, version: str) -> None:
    taken = route(prefix)
    scope = {
        "method": "POST",
        "raw_path": (prefix + version + rest).encode(),
        "path": prefix + version + rest,
    }
    call = parsing.read_head(
        {**scope, "query_string": b"", "headers": [], "http_version": "1.1"}, routes.version_prefix(taken)
    )
    assert (call.path, call.rest, call.asked_path) == ("/v1" + rest, rest[1:], prefix + version + rest)


@pytest.mark.parametrize(
    ("asked", "rest", "path"),
    [
        ("/team/chat/completions/", "chat/completions", "/v1/chat/completions"),
        ("/team", "", "/v1"),
        ("/team/v1", "", "/v1"),
        ("/team/v1x", "v1x", "/v1/v1x"),
        ("/team/models/a%2Fb", "models/a%2Fb", "/v1/models/a/b"),
        ("/%74eam/models", "models", "/v1/models"),
    ],
)
async def test_what_stands_after_a_prefix(
    lane: Lane, sim: Simulator, asked: str, rest: str, path: str
) -> None:
    set_routes(lane, route("/team"))
    scope = lane.scope("GET", asked, [])
    scope["path"] = scope["path"].replace("%74", "t").replace("%2F", "/")
    found = routes.find(lane.configuration.current.routes, scope["path"])
    call = parsing.read_head(scope, routes.version_prefix(found))
    assert (call.rest, call.path) == (rest, path)


async def test_a_call_under_a_prefix_is_one_under_v1_to_its_provider(lane: Lane, sim: Simulator) -> None:
    set_routes(lane, route())
    reply = await lane.call("POST", "/assistants/chat/completions?a=b", CHAT)
    assert reply.status == 200
    assert sim.requests[-1].target == "/v1/chat/completions?a=b"
    opened = lane.record.opened
    assert opened is not None
    assert opened["path"] == "/assistants/chat/completions"
    assert opened["upstream_path"] == "/v1/chat/completions"
    assert (opened["endpoint"], opened["route"]) == ("/v1/chat/completions", "assistants")
    assert lane.record.closed is not None
    assert {"kind": "route", "name": "assistants"} in lane.record.closed["edits"]


async def test_errors_under_a_prefix_are_in_the_callers_format(lane: Lane) -> None:
    set_routes(lane, route())
    reply = await lane.call("POST", "/assistants/messages", CHAT, secret="sk-wrong-1234567890")
    assert reply.json["type"] == "error"


async def test_a_stream_under_a_prefix(lane: Lane) -> None:
    set_routes(lane, route())
    reply = await lane.call("POST", "/assistants/v1/chat/completions", CHAT | {"stream": True})
    assert reply.body.endswith(b"data: [DONE]\n\n")


async def test_a_route_without_streams_says_so(lane: Lane, sim: Simulator) -> None:
    set_routes(lane, route("/v1/chat", allow_streaming=False))
    reply = await lane.chat(stream=True)
    assert (reply.status, reply.code) == (400, "stream_not_allowed")
    assert (await lane.chat()).status == 200
    assert len(sim.requests) == 1


async def test_a_route_of_streams_only_says_so(lane: Lane) -> None:
    set_routes(lane, route("/v1", allow_non_streaming=False))
    reply = await lane.chat()
    assert (reply.status, reply.code) == (400, "stream_required")
    assert (await lane.chat(stream=True)).status == 200
    assert (await lane.call("GET", "/v1/models")).status == 200


async def test_a_call_is_held_to_the_origins_of_its_route(lane: Lane) -> None:
    set_routes(lane, route("/v1/chat", allowed_origins=(PAGE.decode(),)))
    allowed = await lane.chat(headers=[(b"origin", PAGE)])
    assert (allowed.status, allowed.header("access-control-allow-origin")) == (200, PAGE.decode())
    refused = await lane.chat(headers=[(b"origin", b"https://evil.example")])
    assert (refused.status, refused.code) == (403, "origin_not_allowed")
    assert refused.header("access-control-allow-origin") is None
    for other in (b"https://evil.example", b""):
        both = await lane.chat(headers=[(b"origin", PAGE), (b"origin", other)])
        assert (both.status, both.code) == (403, "origin_not_allowed")


@pytest.mark.parametrize(("origin", "status"), [(PAGE, 204), (b"https://evil.example", 403)])
async def test_a_preflight_asks_its_route(lane: Lane, origin: bytes, status: int) -> None:
    set_routes(lane, route(allowed_origins=(PAGE.decode(),)))
    asked = [(b"origin", origin), (b"access-control-request-method", b"POST")]
    reply = await lane.call("OPTIONS", "/assistants/chat/completions", headers=asked, secret=None)
    assert reply.status == status


async def test_paths_that_servers_read_differently_are_refused_where_routes_decide(lane: Lane) -> None:
    assert (await lane.call("GET", "/v1//models")).status == 200
    set_routes(lane, route("/v1/models"))
    reply = await lane.call("GET", "/v1//models")
    assert (reply.status, reply.code) == (400, "invalid_path")


def test_no_route_shadows_what_the_relay_itself_answers() -> None:
    firsts = {str(one.pattern).strip("^$").replace("/?", "/").partition("/")[0] for one in urlpatterns}
    own = {first.replace("healthz?", "healthz").replace("\\", "") for first in firsts} - {"", "v1(?:"}
    assert own <= RESERVED_PATHS
    for first in RESERVED_PATHS:
        assert routes.is_reserved(f"/{first.upper()}/x")
        with pytest.raises(Exception, match="relay itself"):
            validate_path_prefix(f"/{first}/x")
    assert routes.is_reserved("/") and not routes.is_reserved("/v1")


def test_self_service_is_not_shadowed_either() -> None:
    with pytest.raises(Exception, match="relay itself"):
        validate_path_prefix("/v1/relay/key")


async def test_prefixes_are_looked_for_in_a_hundred_routes_in_microseconds(tmp_path: Path) -> None:
    many = sorted_routes(*(f"/team-{number}" for number in range(100)))
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(1000):
        routes.find(many, "/v1/chat/completions")
    assert loop.time() - began < 0.5


def test_a_record_knows_its_route() -> None:
    made = Route("team", "/assistants")
    outgoing = routes.note(Outgoing(b"{}", "gpt-4o"), made)
    assert routes.named((made,), routes.noted(outgoing.edits)) is made
    assert routes.named((made,), routes.noted([{"kind": "model"}])) is None


async def test_calls_of_a_route_go_to_its_providers_only(lane: Lane, sim: Simulator) -> None:
    first = lane.configuration.current.providers[0]
    second = replace(first, id=2, provider_key="second")
    lane.configuration.current = replace(lane.configuration.current, providers=(first, second))
    set_routes(lane, route("/v1/chat", provider_ids=frozenset({2})))
    asked = {(await lane.chat()).header("x-relay-provider") for _ in range(4)}
    assert asked == {"second"}
    elsewhere = [await lane.call("POST", "/v1/embeddings", {"model": "m", "input": "x"}) for _ in range(4)]
    assert {reply.header("x-relay-provider") for reply in elsewhere} == {"default", "second"}


async def test_a_route_whose_providers_are_gone_says_so(lane: Lane) -> None:
    set_routes(lane, route("/v1/chat", provider_ids=frozenset({99})))
    reply = await lane.chat()
    assert reply.status in (404, 503)
    assert "x-relay-provider" not in dict(reply.headers)


async def test_a_routes_own_time_limit_holds(lane: Lane) -> None:
    set_routes(lane, route("/v1/chat", first_byte_timeout_seconds=0.1))
    reply = await lane.chat("[[sim ttft=3000]]")
    assert (reply.status, reply.code) == (504, "upstream_timeout")
